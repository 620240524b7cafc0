import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readCounters,
  readWithoutCounters,
  type InterruptCounters,
} from '../../../src/linux/interrupt-counters.ts';
import { readInterrupts } from '../../../src/linux/interrupts.ts';
import { header, row, upTo } from './interrupt-text.ts';
import { madeRoot } from './made-root.ts';

describe('without the counters', () => {
  const text = (counts: readonly number[], name = 'eth0-TxRx-0'): string =>
    [
      '           CPU0       CPU1',
      ` 30:${counts.map((count) => ` ${String(count).padStart(10)}`).join('')}  PCI-MSI 524288-edge      ${name}`,
      'NMI:          0          7   Non-maskable interrupts',
      'ERR:          3',
      '',
    ].join('\n');

  const read = (of: string): string => readWithoutCounters(madeRoot({ files: { '/proc/interrupts': of } }));

  it('the text is the same whatever was counted', () => {
    expect(read(text([1, 4_294_967_295]))).toBe(read(text([0, 77])));
    expect(read(text([1, 2]).replace('ERR:          3', 'ERR:          4'))).toBe(read(text([1, 2])));
  });

  it.each([
    ['another name', text([1, 2], 'eth0-rx-0')],
    ['another number', text([1, 2]).replace(' 30:', ' 31:')],
    [
      'one interrupt more',
      text([1, 2]).replace('NMI', ' 31:          0          0  PCI-MSI 1-edge      eth0\nNMI'),
    ],
    ['another CPU', text([1, 2]).replace('CPU1', 'CPU3')],
    ['nothing', ''],
  ])('%s is another text', (_what, other) => {
    expect(read(other)).not.toBe(read(text([1, 2])));
  });
});

describe('the counters of some interrupts', () => {
  const read = (text: string, irqs: readonly number[], cpus: readonly number[]): InterruptCounters =>
    readCounters(madeRoot({ files: { '/proc/interrupts': text } }), new Set(irqs), (cpu) =>
      cpus.includes(cpu),
    );
  const two =
    header([0, 2, 5]) +
    row(9, [1, 1, 1], '   IO-APIC 9-edge      acpi') +
    row(30, [10, 0, 4_294_967_295], '   PCI-MSI 1-edge      eth0-rx-0, x') +
    row('NMI', [1, 2, 3], '   Non-maskable interrupts') +
    row('ERR', [1], '');

  it('only the interrupts and the CPUs that are asked for, and no zeros', () => {
    const { cpus, lines } = read(two, [30, 31], [0, 2, 5, 7]);
    expect([...cpus]).toEqual([0, 2, 5]);
    expect([...lines]).toEqual([
      [
        30,
        {
          actions: ['eth0-rx-0', 'x'],
          counts: new Map([
            [0, 10],
            [5, 4_294_967_295],
          ]),
        },
      ],
    ]);
    expect([...(read(two, [30], [2]).lines.get(30)?.counts ?? [])]).toEqual([]);
  });

  it('nothing is read when none of the CPUs is online', () => {
    expect(read(`${header([0, 2])} 30: nonsense\n`, [30], [1]).lines.size).toBe(0);
  });

  it.each([
    ['fewer counters', row(30, [1], '   PCI-MSI 1-edge      eth0')],
    ['more', row(30, [1, 2, 3], '   PCI-MSI 1-edge      eth0')],
    ['a counter that is no number', ' 30:          1         2x   PCI-MSI 1-edge      eth0\n'],
    ['a line cut short', ' 30:          1'],
  ])('%s than the header has CPUs: the line is named', (_what, line) => {
    expect(() => read(header([0, 1]) + line, [30], [0])).toThrow(/2 counters, one for each CPU/);
    expect(read(header([0, 1]) + line, [31], [0]).lines.size).toBe(0);
  });

  it('looks a second time when a CPU came or went while it read', () => {
    const good = header([0]) + row(9, [7], '   IO-APIC 9-edge      acpi');
    const root = madeRoot({ files: { '/proc/interrupts': good } });
    const torn = [Buffer.from(header([0, 1]).trimEnd()), Buffer.from(good.split('\n')[1] ?? '')];
    const tears = [torn];
    const { lines } = readCounters(
      { ...root, lines: (path) => tears.pop() ?? root.lines(path) },
      new Set([9]),
      () => true,
    );
    expect(lines.get(9)?.counts.get(0)).toBe(7);
  });

  it('all interrupts and all CPUs where none are named, and no rows with letters', () => {
    const { cpus, lines } = readCounters(madeRoot({ files: { '/proc/interrupts': two } }));
    expect([...cpus]).toEqual([0, 2, 5]);
    expect([...lines.keys()]).toEqual([9, 30]);
    expect([...(lines.get(9)?.counts ?? [])]).toEqual([
      [0, 1],
      [2, 1],
      [5, 1],
    ]);
  });

  it('of any table, they are those that it was made of', () => {
    const counter = fc.oneof(fc.constant(0), fc.nat(9), fc.nat(4_294_967_295));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }).chain((cpus) =>
          fc.record({
            cpus: fc.constant(cpus),
            rows: fc.uniqueArray(
              fc.record({
                irq: fc.nat(40),
                counts: fc.array(counter, { minLength: cpus, maxLength: cpus }),
                rest: fc.constantFrom(
                  '   PCI-MSI 5-edge      eth0-rx-0, 7',
                  '   PCI-MSI-edge',
                  '      None',
                  '',
                ),
              }),
              { selector: ({ irq }) => irq, maxLength: 12 },
            ),
            irqs: fc.array(fc.nat(40)),
            picked: fc.array(fc.nat(cpus)),
          }),
        ),
        ({ cpus, rows, irqs, picked }) => {
          const text =
            header(upTo(cpus)) + rows.map(({ irq, counts, rest }) => row(irq, counts, rest)).join('');
          const root = madeRoot({ files: { '/proc/interrupts': text } });
          const names = readInterrupts(root).lines;
          const found = readCounters(root, new Set(irqs), (cpu) => picked.includes(cpu));
          const online = picked.some((cpu) => cpu < cpus);
          const expected = rows
            .filter(({ irq }) => online && irqs.includes(irq))
            .map(({ irq, counts }) => {
              const some = counts.flatMap((count, cpu): [number, number][] =>
                count > 0 && picked.includes(cpu) ? [[cpu, count]] : [],
              );
              return [irq, { actions: names.get(irq)?.actions, counts: new Map(some) }];
            });
          expect([...found.lines]).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });
});
