import { describe, expect, it } from 'vitest';
import { coreGrid } from '../../../src/report/core-grid.ts';
import { table } from '../../../src/terminal/table.ts';
import recorded from './recorded.json' with { type: 'json' };
import { GRIDS, TABLES } from './recorded.ts';

describe('a table', () => {
  it('has its columns two spaces apart, right-aligned where asked, and no space at the end of a line', () => {
    expect(
      table(
        ['IRQ', 'name', 'CPU'],
        [
          ['7', 'eth0-TxRx-0', ''],
          ['128', 'x', '3'],
        ],
        [0],
      ),
    ).toBe('IRQ  name         CPU\n  7  eth0-TxRx-0\n128  x            3');
  });

  it('takes colours for nothing', () => {
    const [, coloured, plain] = table(
      ['a', 'b'],
      [
        ['\u001b[1mxx\u001b[22m', '1'],
        ['xx', '2'],
      ],
    ).split('\n');
    expect(coloured).toBe('\u001b[1mxx\u001b[22m  1');
    expect(plain).toBe('xx  2');
  });

  it('keeps its columns over any number of rows', () => {
    const rows = Array.from({ length: 500 }, (_, i) => [String(i), 'x'.repeat(i % 30), 'end']);
    const lines = table(['n', 'x', 'e'], rows).split('\n');
    expect(lines).toHaveLength(501);
    expect(new Set(lines.slice(1).map((line) => line.indexOf('end')))).toEqual(new Set([36]));
  });

  it('and a grid of cores are to the byte what cli-table3 drew', () => {
    expect(TABLES.map(({ head, rows, right }) => table(head, rows, right))).toEqual(recorded.tables);
    expect(GRIDS.map(({ cores, most, screen }) => coreGrid(cores, most, screen))).toEqual(recorded.grids);
  });

  it('of eight times the rows takes no more than 24 times as long', () => {
    const timed = (count: number): number => {
      const rows = Array.from({ length: count }, (_, i) => [String(i), `eth0-TxRx-${i}`, 'receive']);
      const times = Array.from({ length: 3 }, () => {
        const before = process.cpuUsage();
        table(['IRQ', 'name', 'role'], rows);
        const { user, system } = process.cpuUsage(before);
        return user + system;
      });
      return Math.min(...times);
    };
    timed(64);
    expect(timed(4096) / timed(512)).toBeLessThan(24);
  });
});
