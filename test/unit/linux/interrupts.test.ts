import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInterrupts, readInterrupts, type InterruptTable } from '../../../src/linux/interrupts.ts';
import { KernelFileError, openRoot } from '../../../src/linux/root.ts';
import { header, row, upTo } from './interrupt-text.ts';
import { madeRoot, thrownBy } from './made-root.ts';

/** The lines of a text, as they are read of a file. */
const linesOf = (text: string): Buffer[] =>
  (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => Buffer.from(line.replace(/\n$/, '')));

const parse = (text: string, path?: string): InterruptTable => parseInterrupts(linesOf(text), path);

/** Everything that is parsed when it is asked for, asked for. */
const spelledOut = (table: InterruptTable): unknown[] =>
  [...table.lines.values()].map(({ irq, actions }) => ({ irq, actions }));

describe('what a line says', () => {
  it.each([
    ['  IO-APIC  19-fasteoi   enp0s3', ['enp0s3']],
    [' IO-APIC 19-fasteoi enp0s3', ['enp0s3']],
    ['   IO-APIC   4-edge      ttyS0', ['ttyS0']],
    ['   IO-APIC  20-fasteoi   ehci_hcd:usb1, enp0s3', ['ehci_hcd:usb1', 'enp0s3']],
    ['   IO-APIC  21-fasteoi   virtio1, eth7', ['virtio1', 'eth7']],
    ['   PCI-MSI 524288-edge      eth0', ['eth0']],
    ['   PCI-MSI 524288-edge', []],
    ['   PCI-MSI 524288-edge    ', []],
    ['   PCI-MSI-edge      eth0-TxRx-0', ['eth0-TxRx-0']],
    ['   PCI-MSI-edge', []],
    [' PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0', ['virtio2-input.0']],
    [' IR-PCI-MSIX-0000:3d:00.0    1-edge      name', ['name']],
    [' IR-PCI-MSI 1572864-edge      i40e-eth1-TxRx-0', ['i40e-eth1-TxRx-0']],
    ['   ITS-MSI 16384 Edge      PCIe PME, aerdrv, pciehp', ['PCIe PME', 'aerdrv', 'pciehp']],
    ['     GICv3  27 Level     arch_timer', ['arch_timer']],
    ['     GICv3  27 Level   ', []],
    [' BRCM STB PCIe MSI 524288 Edge      eth0', ['eth0']],
    ['  gpio-dwapb   3 Edge    -demux     Power Button', ['Power Button']],
    ['   xen-dyn    -event     eth0-q0-rx', ['eth0-q0-rx']],
    ['   XT-PIC-XT-PIC    timer', ['timer']],
    ['      MIPS   7  timer', ['timer']],
    ['      None   ', []],
    ['   PCI-MSI 5-edge      name with spaces', ['name with spaces']],
    ['   PCI-MSI 5-edge      eth0 1-edge', ['eth0 1-edge']],
    ['   PCI-MSI 5-edge      mlx5_comp0@pci:0000:08:00.0', ['mlx5_comp0@pci:0000:08:00.0']],
    ['', []],
  ])('%j', (rest, actions) => {
    const table = parse(header([0, 1]) + row(19, [740509, 0], rest));
    expect(spelledOut(table)).toEqual([{ irq: 19, actions }]);
  });

  it('comes after the online CPUs', () => {
    const table = parse(header([0, 2, 5]) + row(30, [1, 2, 3], '   PCI-MSI 1-edge      eth0-rx-0'));
    expect(table.cpus).toEqual([0, 2, 5]);
    expect(table.lines.get(30)?.actions).toEqual(['eth0-rx-0']);
  });

  it('may be spaced in other ways than the kernel does', () => {
    const table = parse('CPU0 CPU1 CPU2\n19: 740509 0 7 IO-APIC 19-fasteoi enp0s3\n');
    expect(spelledOut(table)).toEqual([{ irq: 19, actions: ['enp0s3'] }]);
  });

  it('may hold counters of the full ten digits', () => {
    const counts = [4_294_967_295, 4_294_967_295];
    const table = parse(header([0, 1]) + row(8, counts, '  IO-APIC 8-edge   rtc0'));
    expect(table.lines.get(8)?.actions).toEqual(['rtc0']);
  });

  it('may end in CRLF', () => {
    const text = (header([0]) + row(19, [4], '   IO-APIC 19-fasteoi   eth0')).replaceAll('\n', '\r\n');
    expect(spelledOut(parse(text))).toEqual([{ irq: 19, actions: ['eth0'] }]);
  });

  it('is no IRQ when it begins with letters', () => {
    const text =
      header([0, 1]) +
      row('NMI', [0, 0], '   Non-maskable interrupts') +
      row(7, [0, 0], '') +
      'ERR:          0\nMIS:          0\n\nIPI0:         1          2  Rescheduling interrupts\n';
    expect([...parse(text).lines.keys()]).toEqual([7]);
  });

  it('may be the last one and have no newline', () => {
    expect(parse(`${header([0])} 24:          0   PCI-MSI 1-edge      eth0`).lines.get(24)?.actions).toEqual([
      'eth0',
    ]);
  });
});

describe('what is refused, with the path and the line', () => {
  const good = row(1, [0, 0], '   IO-APIC 1-edge      i8042');
  it.each([
    ['an empty file', '', 1, 'a header'],
    ['an empty first line', '\n', 1, 'a header'],
    ['a header of something else', 'PID USER\n', 1, 'a header'],
    ['a header with a CPU that is no number', 'CPU0 CPUx\n', 1, 'a header'],
    ['a line without a colon', `${header([0, 1])}${good}garbage\n`, 3, 'a colon'],
    ['too few counters', header([0, 1]) + row(9, [0], '   IO-APIC 9-edge acpi'), 2, '2 counters'],
    ['too many counters', header([0, 1]) + row(9, [0, 0, 0], '   IO-APIC 9-edge acpi'), 2, '2 counters'],
    ['a line cut within the counters', `${header([0, 1])}${good} 24:          0    `, 3, '2 counters'],
    ['a counter that is no number', `${header([0, 1])} 9: 1 x IO-APIC 9-edge acpi\n`, 2, '2 counters'],
    ['the same IRQ twice', header([0, 1]) + good + good, 3, 'one line for IRQ 1'],
    ['an IRQ number beyond all', `${header([0, 1])}99999999999: 0 0 IO-APIC 1-edge x\n`, 2, 'an IRQ number'],
  ])('%s', (_, text, line, expected) => {
    const error = thrownBy(() => parse(text, '/x/proc/interrupts'));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(String(error)).toContain(`/x/proc/interrupts, line ${line}: expected `);
    expect(String(error)).toContain(expected);
  });

  it('shows the text on one line, without control characters, and not all of it', () => {
    const error = thrownBy(() => parse(`${header([0])}\u0000\u001b[31m${'x'.repeat(10_000)}\n`));
    expect(String(error)).toContain('"\\u0000\\u001b[31mxxx');
    expect(String(error).length).toBeLessThan(300);
  });
});

describe('readInterrupts', () => {
  it('names the file that is missing', () => {
    const root = madeRoot({});
    expect(thrownBy(() => readInterrupts(root))).toMatchObject({
      code: 'ENOENT',
      path: root.hostPath('/proc/interrupts'),
    });
  });

  it('looks a second time when a CPU came or went while it read', () => {
    const good = header([0]) + row(9, [7], '   IO-APIC 9-edge      acpi');
    const torn = header([0, 1]) + row(9, [7], '   IO-APIC 9-edge      acpi');
    const root = madeRoot({ files: { '/proc/interrupts': good } });
    const texts = [linesOf(torn)];
    const table = readInterrupts({ ...root, lines: (path) => texts.pop() ?? root.lines(path) });
    expect(table.lines.get(9)?.actions).toEqual(['acpi']);
  });

  it('reads the file of this machine', () => {
    const table = readInterrupts(openRoot('/'));
    expect(table.cpus.length).toBeGreaterThan(0);
    for (const { actions } of table.lines.values()) expect(actions).not.toContain('');
  });
});

describe('any text', () => {
  const answers = (text: string): void => {
    try {
      const table = parse(text, '/p');
      for (const line of table.lines.values()) {
        expect(line.actions.every((action) => action !== '')).toBe(true);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(KernelFileError);
      expect(error).toMatchObject({ path: '/p' });
    }
  };

  it('gives a table or a KernelFileError with the path', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), answers));
    const likely = fc.constantFrom(
      'CPU0',
      ' ',
      '\n',
      '\r',
      '\0',
      ':',
      '0',
      '19',
      '99999999999999999999',
      '-edge',
      'Edge',
      ', ',
      'é',
    );
    fc.assert(
      fc.property(fc.array(likely, { maxLength: 60 }), (parts) =>
        answers(`   CPU0       CPU1\n${parts.join('')}`),
      ),
    );
  });

  it('also a real one cut anywhere', () => {
    const text =
      header(upTo(8)) +
      upTo(20)
        .map((irq) => row(irq, upTo(8), '   PCI-MSI 1-edge      eth0-TxRx-0'))
        .join('');
    fc.assert(fc.property(fc.nat(text.length), (length) => answers(text.slice(0, length))));
  });

  it('reads back what it was made of', () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.@:-]{0,20}$/);
    const tables = fc.integer({ min: 1, max: 40 }).chain((cpus) =>
      fc.uniqueArray(
        fc.record({
          irq: fc.nat(9999),
          counts: fc.array(fc.nat(0xffff_ffff), { minLength: cpus, maxLength: cpus }),
          actions: fc.array(name, { maxLength: 3 }),
        }),
        { selector: (line) => line.irq, minLength: 1 },
      ),
    );
    fc.assert(
      fc.property(tables, (lines) => {
        const cpus = upTo(lines[0]?.counts.length ?? 0);
        const text = lines.map(({ irq, counts, actions }) =>
          row(irq, counts, `   PCI-MSI ${irq}-edge      ${actions.join(', ')}`),
        );
        expect(spelledOut(parse(header(cpus) + text.join('')))).toEqual(
          lines.map(({ irq, actions }) => ({ irq, actions })),
        );
      }),
    );
  });

  it('of 10,000 CPUs', () => {
    const table = parse(header(upTo(10_000)) + row(5, upTo(10_000), '   PCI-MSI 1-edge      eth0-rx-0'));
    expect(table.cpus).toHaveLength(10_000);
    expect(table.lines.get(5)?.actions).toEqual(['eth0-rx-0']);
  });
});

describe('the time it takes', () => {
  const tableOf = (vectors: number, cpus: number): string =>
    header(upTo(cpus)) +
    upTo(vectors)
      .map((irq) => row(irq, new Array<number>(cpus).fill(irq), '   PCI-MSI 1-edge      eth0-TxRx-0'))
      .join('');

  /** CPU time, so that what else runs on the machine does not count. */
  const bestOf = (rounds: number, action: () => unknown): number => {
    const times = upTo(rounds).map(() => {
      const start = process.cpuUsage();
      action();
      const { user, system } = process.cpuUsage(start);
      return Math.max(1, user + system);
    });
    return Math.min(...times);
  };

  const names = (text: string): number =>
    [...parse(text).lines.values()].filter((line) => line.actions.length > 0).length;

  it('grows with the file, not faster: 4,096 vectors against 512 (ratio 8)', () => {
    const small = tableOf(512, 256);
    const large = tableOf(4096, 256);
    expect(names(large)).toBe(4096);
    expect(bestOf(5, () => names(large)) / bestOf(15, () => names(small))).toBeLessThan(8 * 4);
  });

  it('does not pay for the counters: 1,024 CPUs against 8', () => {
    const [few, many] = [linesOf(tableOf(512, 8)), linesOf(tableOf(512, 1024))];
    expect(bestOf(9, () => parseInterrupts(many)) / bestOf(9, () => parseInterrupts(few))).toBeLessThan(4);
  });
});
