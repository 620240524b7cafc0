import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUsableGatewayMac, macProblem, parseMac, unusableAsGateway } from '../../../src/linux/mac.ts';

const octets = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => [...bytes]);
const canonical = (bytes: number[]): string => bytes.map((b) => b.toString(16).padStart(2, '0')).join(':');

describe('parseMac', () => {
  it.each([
    ['02:00:00:00:00:99', '02:00:00:00:00:99'],
    ['02:00:00:00:00:99:', '02:00:00:00:00:99'],
    ['52:54:00:AB:cd:Ef', '52:54:00:ab:cd:ef'],
    ['52-54-00-AB-CD-EF', '52:54:00:ab:cd:ef'],
    ['525400ABCDEF', '52:54:00:ab:cd:ef'],
    ['5254.00ab.cdef', '52:54:00:ab:cd:ef'],
    ['2:a:b:c:d:e', '02:0a:0b:0c:0d:0e'],
    ['2-a-b-c-d-e', '02:0a:0b:0c:0d:0e'],
  ])('reads %s as %s', (text, mac) => expect(parseMac(text)).toBe(mac));

  it.each([
    ['nothing', ''],
    ['a word', 'nonsense'],
    ['five octets', '02:00:00:00:00'],
    ['seven octets', '02:00:00:00:00:01:02'],
    ['a leading space', ' 02:00:00:00:00:01'],
    ['a line feed', '02:00:00:00:00:01\n'],
    ['two trailing colons', '02:00:00:00:00:01::'],
    ['a dash after dashes', '02-00-00-00-00-01-'],
    ['mixed separators', '02:00-00:00:00:01'],
    ['three digits', '002:00:00:00:00:01'],
    ['an empty octet', '02::00:00:00:01'],
    ['a letter beyond f', '02:00:00:00:00:0g'],
    ['11 digits', '52540012345'],
    ['dots in pairs', '52.54.00.ab.cd.ef'],
    ['an IPv6 address', 'fe80::1'],
  ])('refuses %s', (_what, text) => expect(parseMac(text)).toBeUndefined());

  it('reads every way of writing six octets as the same address', () => {
    fc.assert(
      fc.property(
        octets,
        fc.constantFrom(':', '-'),
        fc.boolean(),
        fc.boolean(),
        (bytes, separator, upper, short) => {
          const written = bytes.map((b) => b.toString(16).padStart(short ? 1 : 2, '0')).join(separator);
          const text = upper ? written.toUpperCase() : written;
          expect(parseMac(text)).toBe(canonical(bytes));
          expect(parseMac(canonical(bytes).replaceAll(':', ''))).toBe(canonical(bytes));
          expect(parseMac(`${canonical(bytes)}:`)).toBe(canonical(bytes));
        },
      ),
    );
  });

  it('gives the canonical form or nothing, whatever the text, and its own output unchanged', () => {
    const near = fc.string({
      unit: fc.constantFrom(...'0123456789abcdefABCDEFg:-. '.split('')),
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const mac = parseMac(text);
        if (mac === undefined) return;
        expect(mac).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
        expect(parseMac(mac)).toBe(mac);
      }),
    );
  });
});

describe('a gateway MAC', () => {
  it.each([
    ['00:00:00:00:00:00', /all zeros/],
    ['0:0:0:0:0:0', /all zeros/],
    ['ff:ff:ff:ff:ff:ff', /broadcast/],
    ['FFFFFFFFFFFF', /broadcast/],
    ['01:00:5e:00:00:01', /multicast/],
    ['33:33:00:00:00:01', /multicast/],
    ['nonsense', /not a MAC address/],
    ['02:00:00:00:00:99:', /not a MAC address/],
  ])('cannot be %s', (text, problem) => expect(macProblem(text)).toMatch(problem));

  it.each(['00:00:00:00:00:01', '52:54:00:12:35:02', 'fe:ff:ff:ff:ff:ff'])('can be %s', (text) =>
    expect(macProblem(text)).toBeUndefined(),
  );

  it('is never all-zero and never a group address', () => {
    fc.assert(
      fc.property(octets, (bytes) => {
        const usable = ((bytes[0] ?? 1) & 1) === 0 && bytes.some((b) => b !== 0);
        expect(isUsableGatewayMac(canonical(bytes))).toBe(usable);
        expect(unusableAsGateway(canonical(bytes)) === undefined).toBe(usable);
      }),
    );
  });
});
