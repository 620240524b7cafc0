/** What a line may be broken behind: a space or a comma; with `whole` only a space, and a longer word stays as it is. */
function piecesOf(text: string, width: number, whole: boolean): string[] {
  if (whole) return text.match(/[^ ]+| /g) ?? [];
  const most = new RegExp(`[^]{1,${width}}`, 'gu');
  return (text.match(/[^ ,]*,|[^ ,]+| /g) ?? []).flatMap((piece) =>
    piece.length <= width ? piece : (piece.match(most) ?? piece),
  );
}

/**
 * Text on lines of at most that width (one column at least), broken at spaces and after commas, a piece that is longer anywhere.
 * `whole`: broken at spaces only, never inside a word: paths and commands can be copied.
 */
export function wrapped(text: string, width: number, { whole = false } = {}): string[] {
  const columns = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const piece of piecesOf(text, columns, whole)) {
    if (line !== '' && piece !== ' ' && line.length + piece.length > columns) {
      lines.push(line.trimEnd());
      line = '';
    }
    if (line !== '' || piece !== ' ') line += piece;
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line.trimEnd()];
}
