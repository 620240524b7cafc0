import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as type from '../../../src/cli/value-types.ts';

describe('integers as Go reads them', () => {
  it.each([
    ['0', 0n],
    ['12', 12n],
    ['+12', 12n],
    ['-12', -12n],
    ['0x10', 16n],
    ['0X1f', 31n],
    ['0o10', 8n],
    ['010', 8n],
    ['0b101', 5n],
    ['-0x10', -16n],
    ['00', 0n],
    ['1_000', 1000n],
    ['0x_1', 1n],
    ['0_7', 7n],
    ['-0b_1_0', -2n],
  ])('%s is %s', (text, value) => {
    expect(type.parseInteger(text)).toBe(value);
  });

  it.each([
    '',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '08',
    '0x',
    '0b2',
    '0o8',
    '--1',
    '1__0',
    '_1',
    '1_',
    '0_',
    '0x1_',
    '0_8',
    '0x',
    'x',
    '٣',
    '9'.repeat(1_000_000),
  ])('%j is none', (text) => {
    expect(type.parseInteger(text)).toBeUndefined();
  });

  it('reads back every integer in every notation', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), (n) => {
        const sign = n < 0n ? '-' : '';
        const magnitude = n < 0n ? -n : n;
        for (const [prefix, radix] of [
          ['', 10],
          ['0x', 16],
          ['0o', 8],
          ['0b', 2],
          ['0', 8],
        ] as const) {
          if (prefix === '0' && magnitude === 0n) continue;
          expect(type.parseInteger(sign + prefix + magnitude.toString(radix))).toBe(n);
        }
      }),
    );
  });

  it('refuses what is out of range', () => {
    expect(type.integer(0, 10).parse('10')).toBe(10);
    expect(type.integer(0, 10).parse('11')).toBeUndefined();
    expect(type.integer(0, 10).parse('-1')).toBeUndefined();
    expect(type.integer(0, 10).parse('99999999999999999999999')).toBeUndefined();
  });
});

describe('booleans', () => {
  it.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('%s is true', (text) => {
    expect(type.boolean.parse(text)).toBe(true);
  });
  it.each(['0', 'f', 'F', 'false', 'FALSE', 'False'])('%s is false', (text) => {
    expect(type.boolean.parse(text)).toBe(false);
  });
  it.each(['', 'yes', 'tRUE', 'on', '2'])('%j is neither', (text) => {
    expect(type.boolean.parse(text)).toBeUndefined();
  });
});

describe('words and numbers of a choice', () => {
  const strategy = type.choice(['sequential', 'same-node'], true);
  it.each([
    ['sequential', 'sequential'],
    ['0', 'sequential'],
    ['1', 'same-node'],
    ['0x1', 'same-node'],
    ['2', undefined],
    ['-1', undefined],
    ['Sequential', undefined],
    ['99999999999999999999', undefined],
  ])('%s is %s', (text, word) => {
    expect(strategy.parse(text)).toBe(word);
  });
  it('takes no number where words are not numbered', () => {
    expect(type.choice(['text', 'json']).parse('0')).toBeUndefined();
  });
});

describe('interface names', () => {
  it.each(['eth0', 'bond0.100', 'enp0s31f6', 'a-b_c@d', 'fifteen-bytes-x'])('%s is one', (text) => {
    expect(type.networkInterface.parse(text)).toBe(text);
  });
  it.each(['', '.', '..', 'a/b', 'a b', 'a\nb', 'a:1', 'sixteen-bytes-xx', 'éééééééé', 'a\0b'])(
    '%j is none',
    (text) => {
      expect(type.networkInterface.parse(text)).toBeUndefined();
    },
  );
});

it.each(['eth0', ''])('a tunnel may be %j: katran takes an empty name as well', (text) => {
  expect(type.networkInterfaceOrNone.parse(text)).toBe(text);
});

it.each([
  [type.integer(1, Number.MAX_SAFE_INTEGER), 'a whole number, 1 or more'],
  [type.integer(0, 65535), 'a whole number from 0 to 65535'],
])('a range is told as people say it', ({ takes }, words) => {
  expect(takes).toBe(words);
});

it('no text holds NUL: the kernel would take it for the end', () => {
  for (const one of [type.text, type.path, type.networkInterface, type.serverAddress, type.ipAddress])
    expect(one.parse('a\0b:1')).toBeUndefined();
});

describe('addresses', () => {
  it.each(['127.0.0.1:50051', '[::1]:1', 'localhost:65535', '0.0.0.0:50051'])(
    '%s is a server address',
    (text) => {
      expect(type.serverAddress.parse(text)).toBe(text);
    },
  );
  it.each(['', '127.0.0.1', ':50051', '::1:50051', '127.0.0.1:0', '127.0.0.1:65536', 'a b:1', '1.2.3.4:x'])(
    '%j is none',
    (text) => {
      expect(type.serverAddress.parse(text)).toBeUndefined();
    },
  );
  it.each(['10.77.0.1', 'fe80::1', 'fe80::1%eth0'])('%s is an IP address', (text) => {
    expect(type.ipAddress.parse(text)).toBe(text);
  });
  it.each(['10.77.0', '10.77.0.1/24', 'gateway', ''])('%j is no IP address', (text) => {
    expect(type.ipAddress.parse(text)).toBeUndefined();
  });
});
