import fc from 'fast-check';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  canonicalIpv6,
  isInSubnet,
  isIpAddress,
  isIpv4,
  isIpv6,
  wordsOfIpv6,
} from '../../../src/linux/ip-address.ts';

/** Much of it nearly an address. */
const text = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.array(fc.constantFrom('0', '1', '255', '256', '01', 'a', 'ffff', '10000', ':', '::', '.', '%', 'eth0'), {
    maxLength: 18,
  }),
  fc.string({ maxLength: 8 }),
);
const given = text.map((parts) => (typeof parts === 'string' ? parts : parts.join('')));

describe('what is an address', () => {
  test('is what node:net says', () => {
    fc.assert(
      fc.property(given, (value) => {
        expect([isIpv4(value), isIpv6(value)]).toEqual([isIPv4(value), isIPv6(value)]);
        expect(isIpAddress(value)).toBe(isIPv4(value) || isIPv6(value));
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['::', '::1', 'fe80::1%eth0', '::ffff:192.0.2.1', '2001:DB8::', '1:2:3:4:5:6:7::'])(
    '%s is an IPv6 address',
    (value) => {
      expect(isIpv6(value)).toBe(true);
    },
  );

  test.each(['', ':', ':::', '1::2::3', '12345::', '192.0.2.1', '[::1]', '::1%', 'a.b'])(
    '%j is none',
    (value) => {
      expect(isIpv6(value)).toBe(false);
    },
  );
});

describe('the words of an IPv6 address', () => {
  test.each([
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['2001:db8::', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0]],
    ['fe80::1:0:0:2', [0xfe80, 0, 0, 0, 1, 0, 0, 2]],
    ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
  ])('%s', (address, words) => {
    expect(wordsOfIpv6(address)).toEqual(words);
  });

  test('are eight, whatever is left out', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const words = wordsOfIpv6(canonicalIpv6(address));
        expect(words).toHaveLength(8);
        expect(canonicalIpv6(words.map((word) => word.toString(16)).join(':'))).toBe(canonicalIpv6(address));
      }),
    );
  });
});

describe('a subnet', () => {
  const pair = fc.oneof(
    fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 1, max: 32 })),
    fc.tuple(fc.ipV6().map(canonicalIpv6), fc.ipV6().map(canonicalIpv6), fc.integer({ min: 1, max: 128 })),
  );

  test('has the addresses that node:net finds in it, and its own', () => {
    fc.assert(
      fc.property(pair, ([address, network, prefix]) => {
        const family = isIPv4(address) ? 'ipv4' : 'ipv6';
        const list = new BlockList();
        list.addSubnet(network, prefix, family);
        expect(isInSubnet(address, network, prefix)).toBe(list.check(address, family));
        expect(isInSubnet(network, network, prefix)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['10.77.0.1', '10.77.0.0', 24, true],
    ['10.77.1.1', '10.77.0.0', 24, false],
    ['10.77.1.1', '10.77.0.0', 23, true],
    ['192.0.2.1', '0.0.0.0', 0, true],
    ['fd77::1', 'fd77::', 64, true],
    ['fd77:0:0:1::1', 'fd77::', 64, false],
    ['192.0.2.1', '::', 0, false],
  ])('%s in %s/%i: %s', (address, network, prefix, within) => {
    expect(isInSubnet(address, network, prefix)).toBe(within);
  });
});
