/** Inputs of tables and grids; what cli-table3 once drew of them is in recorded.json. */
import { screenFor } from '../../../src/terminal/screen.ts';

const coloured = (text: string): string => `\u001b[1m${text}\u001b[22m`;

export const TABLES = [
  { head: ['IRQ', 'name'], rows: [], right: [0] },
  {
    head: ['IRQ', 'NIC', 'name', 'role', 'queue', 'CPU now', 'planned', 'node'],
    rows: [
      ['29', 'eth0', 'eth0-TxRx-0', 'receive', '0', '0-3', coloured('2'), '0'],
      ['128', 'eth10', '0000:81:00.0:misc', 'control', '-', '?', '-', '-'],
    ],
    right: [0],
  },
  {
    head: ['queue', 'IRQ', 'on CPU', 'irq/s', 'taken by'],
    rows: Array.from({ length: 130 }, (_, i) => [`${i}`, `${i * 37}`, '', `${i % 7}k`, `CPU ${i % 11}`]),
    right: [0, 3],
  },
  {
    head: ['a', 'b'],
    rows: [
      [' x ', ''],
      ['', ' y'],
    ],
    right: [],
  },
];

const threads = (lines: readonly string[]): { lines: readonly string[]; width: number } => ({
  lines,
  width: 8,
});
const core = (n: number): { lines: readonly string[]; width: number }[] => [
  threads([`${n}* q${n}`.padEnd(8)]),
  threads(n % 3 === 0 ? [coloured('off     '), 'q1,2    '] : ['-       ']),
];
const screen = (columns: number, LANG: string): ReturnType<typeof screenFor> =>
  screenFor({ isTerminal: false, columns }, { LANG });

export const GRIDS = [80, 40, 12].flatMap((columns) =>
  [1, 2, 7, 16].map((count) => ({
    cores: Array.from({ length: count }, (_, n) => core(n)),
    most: { cores: count, threads: 2 },
    screen: screen(columns, count === 7 ? 'C' : 'C.UTF-8'),
  })),
);
