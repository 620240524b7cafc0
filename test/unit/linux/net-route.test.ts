import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRoutes, parseRoutes, readRoutes, type Route } from '../../../src/linux/net-route.ts';
import { KernelFileError, openRoot } from '../../../src/linux/root.ts';
import { madeRoot, thrownBy } from './made-root.ts';

const HEADER = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT${' '.repeat(55)}\n`;
const route = (line: string): string => `${line.padEnd(127)}\n`;

describe('parseRoutes', () => {
  it('reads addresses as a little-endian number, flags as hexadecimal, the metric as decimal', () => {
    const text =
      HEADER +
      route('eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0') +
      route('eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t1500\t0\t0');
    expect(parseRoutes(text)).toEqual([
      {
        interface: 'eth0',
        destination: '0.0.0.0',
        gateway: '192.0.2.1',
        mask: '0.0.0.0',
        flags: 3,
        metric: 100,
      },
      {
        interface: 'eth0',
        destination: '192.0.2.0',
        gateway: '0.0.0.0',
        mask: '255.255.255.0',
        flags: 1,
        metric: 0,
      },
    ]);
  });

  it('knows that a metric above 2^31 is printed as a negative number', () => {
    expect(
      parseRoutes(HEADER + route('a\t00000000\t00000000\t0003\t0\t0\t-1\t00000000\t0\t0\t0')),
    ).toMatchObject([{ metric: 4_294_967_295 }]);
  });

  it.each([[''], ['\n'], [HEADER], [HEADER.trimEnd()]])('finds no routes in %j', (text) =>
    expect(parseRoutes(text)).toEqual([]),
  );

  it('reads CRLF, and a last line without its end', () => {
    const line = 'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0';
    expect(parseRoutes(`${HEADER.trimEnd()}\r\n${line}\r\n`)).toEqual(parseRoutes(HEADER + line));
    expect(parseRoutes(HEADER + line)).toHaveLength(1);
  });

  it.each([
    ['another file', 'IP address  HW type\n', 1],
    ['a cut line', `${HEADER}eth0\t00000000\t0102`, 2],
    [
      'a cut line after a good one',
      `${HEADER}${route('*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0')}eth0\t0000`,
      3,
    ],
    ['an address of seven digits', `${HEADER}eth0\t0000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`, 2],
    [
      'an address of nine digits',
      `${HEADER}eth0\t000000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`,
      2,
    ],
    [
      'a metric that is no number',
      `${HEADER}eth0\t00000000\t010200C0\t0003\t0\t0\tx\t00000000\t0\t0\t0\n`,
      2,
    ],
    ['dotted addresses', `${HEADER}eth0\t0.0.0.0\t192.0.2.1\t0003\t0\t0\t0\t0.0.0.0\t0\t0\t0\n`, 2],
  ])('refuses %s, with the path and the line', (_, text, line) => {
    const error = thrownBy(() => parseRoutes(text, '/x/proc/net/route'));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(String(error)).toContain(`/x/proc/net/route, line ${line}: `);
  });

  it('gives routes or a KernelFileError, whatever the text', () => {
    const parts = fc.array(
      fc.constantFrom('eth0', '\t', '00000000', '0003', '0', '\n', '\0', '-', '*', '\r'),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          parts.map((all) => HEADER + all.join('')),
        ),
        (text) => {
          try {
            for (const { gateway, metric } of parseRoutes(text)) {
              expect(gateway).toMatch(/^\d{1,3}(\.\d{1,3}){3}$/);
              expect(metric).toBeGreaterThanOrEqual(0);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(KernelFileError);
          }
        },
      ),
    );
  });

  it('takes a line of a megabyte for what it is', () => {
    expect(() => parseRoutes(`${HEADER}eth0${'\t'.repeat(1_000_000)}x\n`)).toThrow(KernelFileError);
    expect(() => parseRoutes(`${HEADER}eth0\t${'0'.repeat(1_000_000)}\n`)).toThrow(KernelFileError);
  });
});

describe('defaultRoutes', () => {
  const one = (change: Partial<Route>): Route => ({
    interface: 'eth0',
    destination: '0.0.0.0',
    gateway: '192.0.2.1',
    mask: '0.0.0.0',
    flags: 0x3,
    metric: 0,
    ...change,
  });

  it('has the lowest metric first, and keeps the order of equal ones', () => {
    const routes = [
      one({ metric: 200 }),
      one({ metric: 50, interface: 'b' }),
      one({ metric: 100 }),
      one({ metric: 50, interface: 'a' }),
    ];
    expect(defaultRoutes(routes).map(({ metric, interface: name }) => `${metric} ${name}`)).toEqual([
      '50 b',
      '50 a',
      '100 eth0',
      '200 eth0',
    ]);
  });

  it.each([
    ['to half of the addresses', { mask: '128.0.0.0' }],
    ['to a network', { destination: '10.0.0.0', mask: '255.0.0.0' }],
    ['without a gateway', { flags: 0x1 }],
    ['that is not up', { flags: 0x2 }],
    ['that rejects', { flags: 0x203 }],
    ['that is a blackhole', { interface: '*' }],
  ])('has none %s', (_, change) => expect(defaultRoutes([one(change)])).toEqual([]));

  it('has one with further flags (dynamic, host)', () => {
    expect(defaultRoutes([one({ flags: 0x13 })])).toHaveLength(1);
  });
});

describe('readRoutes', () => {
  it('has none where the kernel has no IPv4', () => expect(readRoutes(madeRoot({}))).toEqual([]));

  it('names the file it cannot understand', () => {
    const root = madeRoot({ files: { '/proc/net/route': 'garbage\n' } });
    expect(thrownBy(() => readRoutes(root))).toMatchObject({ path: root.hostPath('/proc/net/route') });
  });

  it('reads this machine', () => expect(Array.isArray(readRoutes(openRoot('/')))).toBe(true));
});
