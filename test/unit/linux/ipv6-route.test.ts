import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultIpv6Routes,
  ipv6OfHex,
  parseIpv6Routes,
  readIpv6Routes,
  type Ipv6Route,
} from '../../../src/linux/ipv6-route.ts';
import { KernelFileError, openRoot } from '../../../src/linux/root.ts';
import { madeRoot, thrownBy } from './made-root.ts';

const ZERO = '0'.repeat(32);
const GATEWAY = `${ZERO} 00 ${ZERO} 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n`;
const REJECT = `${ZERO} 00 ${ZERO} 00 ${ZERO} ffffffff 00000001 00000000 00200200       lo\n`;
const LINK = `fe800000000000000000000000000000 40 ${ZERO} 00 ${ZERO} 00000100 00000002 00000000 00000001     eth0\n`;

describe('ipv6OfHex', () => {
  it.each([
    [ZERO, '::'],
    ['00000000000000000000000000000001', '::1'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010DB8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
    ['00000002000300040005000600000000', '0:2:3:4:5:6::'],
    ['fe80000000000000505400fffe123456', 'fe80::5054:ff:fe12:3456'],
  ])('%s is %s (RFC 5952)', (hex, text) => expect(ipv6OfHex(hex)).toBe(text));

  it('agrees with the URL standard, which writes IPv6 addresses the same way', () => {
    const group = fc.constantFrom('0000', '0000', '0001', '00a0', 'ffff', '0db8');
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        expect(`[${ipv6OfHex(groups.join(''))}]`).toBe(new URL(`http://[${groups.join(':')}]/`).hostname);
      }),
    );
  });
});

describe('parseIpv6Routes', () => {
  it('reads prefix, metric and flags as hexadecimal', () => {
    expect(parseIpv6Routes(GATEWAY + LINK)).toEqual([
      { interface: 'eth0', destination: '::', prefix: 0, gateway: 'fd00::1', flags: 3, metric: 1024 },
      { interface: 'eth0', destination: 'fe80::', prefix: 64, gateway: '::', flags: 1, metric: 256 },
    ]);
  });

  it.each([[''], ['\n']])('finds no routes in %j', (text) => expect(parseIpv6Routes(text)).toEqual([]));

  it('reads CRLF', () =>
    expect(parseIpv6Routes(GATEWAY.replace('\n', '\r\n'))).toEqual(parseIpv6Routes(GATEWAY)));

  it.each([
    ['garbage', 'nonsense\n', 1],
    ['a cut line', GATEWAY + LINK.slice(0, 60), 2],
    ['a line without its interface', `${GATEWAY}${LINK.slice(0, 145)}\n`, 2],
    ['a prefix above 128', GATEWAY.replace(' 00 ', ' 81 '), 1],
  ])('refuses %s, with the path and the line', (_, text, line) => {
    const error = thrownBy(() => parseIpv6Routes(text, '/x/ipv6_route'));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(String(error)).toContain(`/x/ipv6_route, line ${line}: `);
  });

  it('gives routes or a KernelFileError, whatever the text, cut or not', () => {
    const cut = fc.nat(GATEWAY.length * 2).map((length) => (GATEWAY + REJECT + LINK).slice(0, length));
    fc.assert(
      fc.property(fc.oneof(cut, fc.string({ unit: 'binary' })), (text) => {
        try {
          expect(parseIpv6Routes(text).every(({ prefix }) => prefix <= 128)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelFileError);
        }
      }),
    );
  });
});

describe('defaultIpv6Routes', () => {
  const one = (change: Partial<Ipv6Route>): Ipv6Route => ({
    interface: 'eth0',
    destination: '::',
    prefix: 0,
    gateway: 'fe80::1',
    flags: 0x3,
    metric: 1024,
    ...change,
  });

  it('has the gateway and not the reject routes that every host has on lo', () => {
    expect(defaultIpv6Routes(parseIpv6Routes(REJECT + LINK + GATEWAY))).toMatchObject([
      { gateway: 'fd00::1' },
    ]);
  });

  it('has the lowest metric first', () => {
    expect(defaultIpv6Routes([one({}), one({ metric: 1 })]).map(({ metric }) => metric)).toEqual([1, 1024]);
  });

  it('has those from router advertisements, whose flags go on above (0x450003)', () => {
    expect(defaultIpv6Routes([one({ flags: 0x450003 })])).toHaveLength(1);
  });

  it.each([
    ['to some addresses', { prefix: 3 }],
    ['to a network', { destination: '2000::', prefix: 3 }],
    ['without a gateway', { flags: 0x1 }],
    ['with no gateway given', { gateway: '::' }],
    ['that is not up', { flags: 0x2 }],
    ['that rejects', { flags: 0x203 }],
    ['on lo', { interface: 'lo' }],
  ])('has none %s', (_, change) => expect(defaultIpv6Routes([one(change)])).toEqual([]));
});

describe('readIpv6Routes', () => {
  it('has none where the kernel has no IPv6', () => expect(readIpv6Routes(madeRoot({}))).toEqual([]));

  it('names the file it cannot understand', () => {
    const root = madeRoot({ files: { '/proc/net/ipv6_route': 'garbage\n' } });
    expect(thrownBy(() => readIpv6Routes(root))).toMatchObject({
      path: root.hostPath('/proc/net/ipv6_route'),
    });
  });

  it('reads this machine', () => expect(Array.isArray(readIpv6Routes(openRoot('/')))).toBe(true));
});
