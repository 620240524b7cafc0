import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};

/** cli-table3's layout takes time that grows with the square of the rows: thousands are drawn a block at a time. */
const BLOCK_ROWS = 64;
const GAP = 2;

const width = (cell: string): number => stripVTControlCharacters(cell).length;

/** Columns without lines, two spaces apart, no trailing space; the numbered columns are right-aligned. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const all = [head, ...rows];
  const colWidths = head.map(
    (_title, column) => all.reduce((most, row) => Math.max(most, width(row[column] ?? '')), 0) + GAP,
  );
  const lines: string[] = [];
  for (let first = 0; first < all.length; first += BLOCK_ROWS) {
    const block = new Table({
      colWidths,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
      chars: NO_BORDERS,
      colAligns: head.map((_title, column) => (rightAligned.includes(column) ? 'right' : 'left')),
    });
    for (const row of all.slice(first, first + BLOCK_ROWS)) block.push([...row]);
    lines.push(...block.toString().split('\n'));
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}
