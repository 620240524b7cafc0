import { describe, expect, it } from 'vitest';
import { readTraffic, type Traffic } from '../../../src/katran/services/traffic.ts';
import type { Counters } from '../../../src/status/types.ts';
import { hitRate, trafficRates } from '../../../src/status/traffic.ts';
import { trafficWords, vipTable } from '../../../src/status/traffic-text.ts';

const vip = (last: number, packets: bigint, bytes = packets * 100n) => ({
  address: `10.0.0.${last}`,
  port: 80,
  protocol: 6,
  packets,
  bytes,
});
const traffic = (more: Partial<Traffic> = {}): Traffic => ({
  vips: [],
  lruPackets: 0n,
  lruMisses: 0n,
  fallbackPackets: 0n,
  ...more,
});
const at = (time: number, seen: Traffic | null): Counters => ({
  time,
  interrupts: { cpus: new Set<number>(), lines: new Map() },
  fallback: 0n,
  traffic: seen,
});
const rates = (before: Traffic | null, after: Traffic) => {
  const found = trafficRates(at(1000, before), at(1500, after));
  if (found === null) throw new Error('no rates');
  return found;
};

describe('what katran forwards', () => {
  it('a second, between two readings', () => {
    const { vips, lru } = rates(
      traffic({ vips: [vip(1, 100n)], lruPackets: 1000n, lruMisses: 10n }),
      traffic({ vips: [vip(1, 200n)], lruPackets: 1100n, lruMisses: 15n }),
    );
    expect(vips).toMatchObject([{ packetsPerSecond: 200, bytesPerSecond: 20_000 }]);
    expect(lru).toMatchObject({ packetsPerSecond: 200, missesPerSecond: 10 });
  });

  it('of a VIP that is new, or of another katran that counts anew: no rate, and none below 0', () => {
    const { vips } = rates(traffic({ vips: [vip(1, 100n)] }), traffic({ vips: [vip(1, 5n), vip(2, 7n)] }));
    expect(vips.map(({ packetsPerSecond }) => packetsPerSecond)).toEqual([0, null]);
  });

  it('is not known where katran does not tell', () => {
    expect(trafficRates(at(1000, traffic()), at(1500, null))).toBeNull();
    expect(trafficWords(null)).toBe('unknown');
    expect(rates(null, traffic({ vips: [vip(1, 1n)] })).vips).toMatchObject([{ packetsPerSecond: null }]);
  });

  it('hits are those of now; of all where nothing goes on; unknown where nothing ever did', () => {
    const old = traffic({ lruPackets: 1000n, lruMisses: 500n });
    expect(hitRate(rates(old, traffic({ lruPackets: 1100n, lruMisses: 510n })))).toBeCloseTo(0.9);
    expect(hitRate(rates(old, old))).toBe(0.5);
    expect(hitRate(rates(traffic(), traffic()))).toBeNull();
  });

  it('in one line', () => {
    const now = rates(
      traffic({ vips: [vip(1, 0n), vip(2, 0n)], lruPackets: 0n }),
      traffic({ vips: [vip(1, 600n), vip(2, 100n)], lruPackets: 700n, lruMisses: 1n }),
    );
    expect(trafficWords(now)).toBe(
      '1.4k packets/s, 140k bytes/s to 2 VIPs; connection table 99.8 % hits, 2 misses/s',
    );
    expect(trafficWords(rates(traffic(), traffic()))).toContain('no VIPs');
  });

  it('VIP by VIP, the busiest first, and how many more there are', () => {
    const now = rates(
      traffic({ vips: [vip(1, 0n), vip(2, 0n), vip(3, 0n)] }),
      traffic({ vips: [vip(1, 1n), vip(2, 100n), vip(3, 0n)] }),
    );
    const lines = vipTable(now, 2);
    expect(lines[2]).toMatch(/^tcp 10\.0\.0\.2:80 +200 +20k +100 +10000$/);
    expect(lines[3]).toMatch(/^tcp 10\.0\.0\.1:80 /);
    expect(lines[4]).toBe('and 1 VIPs with less; -json and -watch have them all');
    expect(vipTable(now, Infinity)).toHaveLength(5);
  });
});

it('reading: a VIP that katran has in two spellings is one, and all are in order', async () => {
  const keys = ['10.0.0.10', '10.0.0.9', 'FD20::1', 'fd20::1'].map((address) => ({
    address,
    port: 80,
    protocol: 17,
  }));
  const counters = { v1: 2n, v2: 3n };
  const answer = () => Promise.resolve(counters);
  const read = await readTraffic(
    {
      getAllVips: () => Promise.resolve(keys),
      getStatsForVip: answer,
      getLruStats: answer,
      getLruFallbackStats: answer,
    },
    1000,
  );
  expect(read.vips.map(({ address, packets, bytes }) => [address, packets, bytes])).toEqual([
    ['10.0.0.9', 2n, 3n],
    ['10.0.0.10', 2n, 3n],
    ['fd20::1', 4n, 6n],
  ]);
});
