import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArp, readArp } from '../../../src/linux/net-arp.ts';
import { KernelFileError, openRoot } from '../../../src/linux/root.ts';
import { madeRoot, thrownBy } from './made-root.ts';

const HEADER = 'IP address       HW type     Flags       HW address            Mask     Device\n';
const row = (address: string, flags: string, mac: string, device: string): string =>
  `${address.padEnd(16)} 0x1         0x${flags.padEnd(10)}${mac.padEnd(17)}     *        ${device}\n`;

describe('parseArp', () => {
  it('reads an entry', () => {
    expect(parseArp(HEADER + row('10.77.0.1', '2', '96:A3:21:a5:07:cb', 'eth0'))).toEqual([
      { address: '10.77.0.1', flags: 2, mac: '96:a3:21:a5:07:cb', device: 'eth0', complete: true },
    ]);
  });

  it.each([
    ['2', '02:00:00:00:00:01', true, 'complete'],
    ['6', '02:00:00:00:00:01', true, 'permanent'],
    ['0', '00:00:00:00:00:00', false, 'incomplete'],
    ['0', '02:00:00:00:00:01', false, 'failed, with an address of the past'],
    ['2', '00:00:00:00:00:00', false, 'complete, and still without an address'],
    ['c', '00:00:00:00:00:00', false, 'published'],
    ['2', '', false, 'of a tunnel, which has no such addresses'],
  ])('flags 0x%s and %j: complete is %s (%s)', (flags, mac, complete) => {
    expect(parseArp(HEADER + row('10.0.0.1', flags, mac, 'eth0'))).toMatchObject([{ complete, mac }]);
  });

  it('reads the 20 bytes of InfiniBand', () => {
    const mac = '80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01';
    expect(
      parseArp(`${HEADER}10.0.0.1         0x20        0x2         ${mac}     *        ib0\n`),
    ).toMatchObject([{ mac, device: 'ib0' }]);
  });

  it.each([[''], ['\n'], [HEADER], [HEADER.trimEnd()]])('finds no entries in %j', (text) =>
    expect(parseArp(text)).toEqual([]),
  );

  it('reads CRLF, and a last line without its end', () => {
    const text = HEADER + row('10.0.0.1', '2', '02:00:00:00:00:01', 'eth0');
    expect(parseArp(text.replaceAll('\n', '\r\n'))).toEqual(parseArp(text));
    expect(parseArp(text.trimEnd())).toEqual(parseArp(text));
  });

  it.each([
    ['another file', 'Iface Destination\n', 1],
    ['a cut line', `${HEADER}10.0.0.1         0x1         0x2         02:00`, 2],
    ['an address that is none', HEADER + row('10.0.0.256', '2', '02:00:00:00:00:01', 'eth0'), 2],
    ['a name for an address', HEADER + row('gateway', '2', '02:00:00:00:00:01', 'eth0'), 2],
    ['flags that are no number', HEADER + row('10.0.0.1', 'C?', '02:00:00:00:00:01', 'eth0'), 2],
    [
      'a line without its device',
      `${HEADER}10.0.0.1         0x1         0x2         02:00:00:00:00:01     *        \n`,
      2,
    ],
  ])('refuses %s, with the path and the line', (_, text, line) => {
    const error = thrownBy(() => parseArp(text, '/x/proc/net/arp'));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(String(error)).toContain(`/x/proc/net/arp, line ${line}: `);
  });

  it('gives entries or a KernelFileError, whatever the text', () => {
    const good =
      HEADER +
      row('10.0.0.1', '2', '02:00:00:00:00:01', 'eth0') +
      row('10.0.0.2', '0', '00:00:00:00:00:00', 'eth0');
    const parts = fc.array(
      fc.constantFrom('10.0.0.1', ' ', '0x2', '*', '\n', '\0', '02:00:00:00:00:01', 'eth0', '\r'),
      { maxLength: 40 },
    );
    const text = fc.oneof(
      fc.nat(good.length).map((length) => good.slice(0, length)),
      parts.map((all) => HEADER + all.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(text, (content) => {
        try {
          for (const entry of parseArp(content)) expect(entry.complete && entry.mac === '').toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelFileError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes a line of a megabyte for what it is', () => {
    expect(() => parseArp(`${HEADER}10.0.0.1 0x1 0x2 ${' '.repeat(1_000_000)}x\n`)).toThrow(KernelFileError);
    expect(() => parseArp(`${HEADER}10.0.0.1 0x1 0x2 * eth0${' '.repeat(1_000_000)}x\n`)).toThrow(
      KernelFileError,
    );
  });
});

describe('readArp', () => {
  it('has no entries where the kernel has no IPv4', () => expect(readArp(madeRoot({}))).toEqual([]));

  it('names the file it cannot understand', () => {
    const root = madeRoot({ files: { '/proc/net/arp': 'garbage\n' } });
    expect(thrownBy(() => readArp(root))).toMatchObject({ path: root.hostPath('/proc/net/arp') });
  });

  it('reads this machine', () => expect(Array.isArray(readArp(openRoot('/')))).toBe(true));
});
