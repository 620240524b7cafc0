import { stripVTControlCharacters } from 'node:util';

const GAP = '  ';

/** Characters that a text takes on the screen: colours take no room. */
export const widthOf = (text: string): number => stripVTControlCharacters(text).length;

/** The cell with spaces behind it, or before it, up to that width. */
function padded(cell: string, width: number, side: 'left' | 'right'): string {
  const room = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return side === 'left' ? cell + room : room + cell;
}

/** Columns without lines, two spaces apart, no trailing space; the numbered columns are right-aligned. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const all = [head, ...rows];
  const widths = head.map((_title, column) =>
    all.reduce((most, row) => Math.max(most, widthOf(row[column] ?? '')), 0),
  );
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) =>
        padded(row[column] ?? '', width, rightAligned.includes(column) ? 'right' : 'left'),
      )
      .join(GAP)
      .trimEnd();
  return all.map(line).join('\n');
}

/** One row of boxes beside each other, as high as its highest; each box is lines of at most that width. */
export function boxRow(boxes: readonly (readonly string[])[], width: number, edge: string): string[] {
  const height = Math.max(1, ...boxes.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    [edge, ...boxes.flatMap((lines) => [padded(lines[line] ?? '', width, 'left'), edge])].join(' '),
  );
}
