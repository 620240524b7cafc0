import { describe, expect, test } from 'vitest';
import { formatServices, parseServices } from '../../../../src/katran/services/document.ts';

const parse = (document: unknown): ReturnType<typeof parseServices> =>
  parseServices(JSON.stringify(document), '/etc/vips.json');

const vip = (more: object = {}): object => ({ address: '10.200.1.1', port: 80, protocol: 'tcp', ...more });
const withVip = (more: object): object => ({ version: 1, vips: [vip(more)] });
const withReal = (more: object): object => withVip({ reals: [{ address: '10.0.0.1', weight: 1, ...more }] });

describe('a file of services', () => {
  test('is read into numbers, canonical addresses and one order', () => {
    const services = parse({
      version: 1,
      vips: [
        vip({ address: 'FD00:0::10', flags: ['NO_LRU', 256], reals: [] }),
        vip({
          address: '10.200.1.10',
          protocol: 'udp',
          reals: [
            { address: '10.0.0.10', weight: 0, flags: ['LOCAL_REAL'] },
            { address: '10.0.0.9', weight: 10 },
          ],
        }),
        vip({ address: '10.200.1.9' }),
      ],
      quic: [{ address: '10.0.0.1', id: 1 }],
      healthchecks: [{ somark: 4294967295, address: '10.0.0.1' }],
    });
    expect(services.vips.map(({ address, protocol, flags }) => [address, protocol, flags])).toEqual([
      ['10.200.1.9', 6, 0],
      ['10.200.1.10', 17, 0],
      ['fd00::10', 6, 258],
    ]);
    expect(services.vips[1]?.reals).toEqual([
      { address: '10.0.0.9', weight: 10, flags: 0 },
      { address: '10.0.0.10', weight: 0, flags: 2 },
    ]);
    expect(services.healthchecks).toEqual([{ somark: 4294967295, address: '10.0.0.1' }]);
  });

  test('written and read again is the same, whatever order it had', () => {
    const one = parse({
      version: 1,
      vips: [vip({ port: 443 }), vip({ protocol: 50, flags: [32, 'NO_SPORT', 1024] })],
    });
    const other = parse({
      version: 1,
      vips: [vip({ protocol: 50, flags: [1024, 'LOCAL_VIP', 1] }), vip({ port: 443 })],
    });
    expect(formatServices(one)).toBe(formatServices(other));
    expect(parseServices(formatServices(one), 'again')).toEqual(one);
    expect(formatServices(one)).toContain('"flags": ["NO_SPORT","LOCAL_VIP",1024]');
  });

  test.each([
    ['no JSON', '{"version": 1,\n}', 'is no file of services: no JSON from line 2, column 1, before "}"'],
    ['a text', '"x"', 'it is not an object with version and vips'],
    ['another version', { version: 2 }, 'version: is another version of this format than 1'],
    ['no version', { vips: [] }, 'version: is missing'],
    ['a word that is not known', { version: 1, vip: [] }, 'vip: is nothing that is known here'],
    ['a port of text', withVip({ port: '80' }), 'vips[0].port: is no number'],
    ['a port that katran would take as another', withVip({ port: 70000 }), 'vips[0].port: is 70000'],
    ['an unknown protocol', withVip({ protocol: 'icmp' }), 'vips[0].protocol: is neither tcp nor udp'],
    ['a name for an address', withVip({ address: 'web' }), 'vips[0].address: is "web"'],
    ['an address with a zone', withVip({ address: 'fe80::1%eth0' }), 'vips[0].address'],
    ['an unknown flag', withVip({ flags: ['NO_LRUU'] }), 'vips[0].flags[0]: is no flag'],
    ['a real that katran would lose', withReal({ address: '10.0.0' }), 'vips[0].reals[0].address'],
    ['a negative weight', withReal({ weight: -1 }), 'vips[0].reals[0].weight: is -1'],
    ['half a weight', withReal({ weight: 0.5 }), 'vips[0].reals[0].weight: is 0.5'],
    ['no weight', withVip({ reals: [{ address: '10.0.0.1' }] }), 'vips[0].reals[0].weight: is missing'],
    [
      'the same VIP twice',
      { version: 1, vips: [vip(), vip({ port: 81 }), vip()] },
      'vips[2]: tcp 10.200.1.1:80 is there already, as vips[0]',
    ],
    [
      'the same real twice, in two spellings',
      withVip({ reals: ['fd00::1', 'FD00:0::1'].map((address) => ({ address, weight: 1 })) }),
      'vips[0].reals[1]: fd00::1 is there already, as vips[0].reals[0]',
    ],
    [
      'the same id twice',
      { version: 1, quic: [1, 1].map((id) => ({ id, address: '10.0.0.1' })) },
      'quic[1]: id 1',
    ],
    [
      'the same mark twice',
      { version: 1, healthchecks: [1, 1].map((somark) => ({ somark, address: '10.0.0.1' })) },
      'healthchecks[1]: somark 1',
    ],
  ])('with %s is refused, with the place', (_what, document, words) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    expect(() => parseServices(text, '/etc/vips.json')).toThrow(words);
    expect(() => parseServices(text, '/etc/vips.json')).toThrow('/etc/vips.json is no file of services');
  });

  test('with more VIPs or reals than katran has room for is refused', () => {
    const vips = Array.from({ length: 513 }, (_, i) => vip({ port: i + 1 }));
    expect(() => parse({ version: 1, vips })).toThrow('there are 513, and katran has room for 512');
    const reals = Array.from({ length: 4097 }, (_, i) => ({
      address: `10.${i >> 8}.0.${i & 255}`,
      weight: 1,
    }));
    expect(() => parse(withVip({ reals }))).toThrow('4097 different reals');
    expect(parse(withVip({ reals: reals.slice(1) })).vips[0]?.reals).toHaveLength(4096);
  });
});
