/** Text on lines of at most that width, broken at spaces and after commas, a piece that is longer anywhere. */
export function wrapped(text: string, width: number): string[] {
  const pieces = (text.match(/[^ ,]*,|[^ ,]+| /g) ?? []).flatMap((piece) =>
    piece.length <= width ? piece : (piece.match(new RegExp(`.{1,${width}}`, 'gu')) ?? piece),
  );
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces) {
    if (line !== '' && (line + piece).trimEnd().length > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    if (line !== '' || piece !== ' ') line += piece;
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line.trimEnd()];
}
