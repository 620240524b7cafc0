import { each } from './at-once.ts';
import type { Counters, ServiceCalls } from './calls.ts';
import { byVip, canonicalAddress } from './order.ts';
import { vipName, type VipKey } from './types.ts';

/** What katran has counted since its start. */
export interface Traffic {
  /** In the order of their names, each once; the address is canonical. */
  readonly vips: readonly VipTraffic[];
  /** Packets that looked into the connection table. */
  readonly lruPackets: bigint;
  /** Of those, the ones that were not in it. */
  readonly lruMisses: bigint;
  /** Packets that used the small fallback table. */
  readonly fallbackPackets: bigint;
}

export interface VipTraffic extends VipKey {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** The calls that tell it. */
export type TrafficCalls = Pick<ServiceCalls, 'getAllVips' | 'getStatsForVip' | 'getLruStats'> & {
  getLruFallbackStats(deadlineMs: number): Promise<Counters>;
};

/** Reads the counters; all calls together have that long, in ms. Throws KatranCallError. */
export async function readTraffic(calls: TrafficCalls, deadlineMs: number): Promise<Traffic> {
  const end = performance.now() + deadlineMs;
  const left = (): number => Math.max(end - performance.now(), 0);
  const keys = await calls.getAllVips(left());
  const [lru, fallback] = await Promise.all([calls.getLruStats(left()), calls.getLruFallbackStats(left())]);
  const vips = await each(keys, async (key): Promise<VipTraffic> => {
    const { v1: packets, v2: bytes } = await calls.getStatsForVip(key, left());
    return { ...key, address: canonicalAddress(key.address) ?? key.address, packets, bytes };
  });
  return {
    vips: together(vips),
    lruPackets: lru.v1,
    lruMisses: lru.v2,
    fallbackPackets: fallback.v1,
  };
}

/** Katran knows a VIP by how its address was spelled, and may have one twice: its packets are counted together. */
function together(vips: readonly VipTraffic[]): VipTraffic[] {
  const byName = new Map<string, VipTraffic>();
  for (const vip of vips) {
    const name = vipName(vip);
    const { packets = 0n, bytes = 0n } = byName.get(name) ?? {};
    byName.set(name, { ...vip, packets: packets + vip.packets, bytes: bytes + vip.bytes });
  }
  return [...byName.values()].sort(byVip);
}
