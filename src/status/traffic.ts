import type { Traffic } from '../katran/services/traffic.ts';
import { vipName } from '../katran/services/types.ts';
import type { Counters, TrafficRates } from './types.ts';

/** Grown from one reading to the other, a second. A counter that went down belongs to another katran, and has not grown. */
export function perSecond(before: bigint, after: bigint, milliseconds: number): number {
  const grown = after > before ? Number(after - before) : 0;
  return (grown * 1000) / Math.max(milliseconds, 1);
}

/** Null when katran did not tell its counters; rates are null when it did not the first time. */
export function trafficRates(before: Counters, after: Counters): TrafficRates | null {
  const { traffic } = after;
  if (traffic === null) return null;
  const earlier: Traffic | null = before.traffic;
  const known = new Map(earlier?.vips.map((vip) => [vipName(vip), vip]));
  const ms = after.time - before.time;
  const rate = (then: bigint | undefined, now: bigint): number | null =>
    then === undefined ? null : perSecond(then, now, ms);
  return {
    vips: traffic.vips.map((vip) => {
      const then = known.get(vipName(vip));
      return {
        ...vip,
        packetsPerSecond: rate(then?.packets, vip.packets),
        bytesPerSecond: rate(then?.bytes, vip.bytes),
      };
    }),
    lru: {
      packets: traffic.lruPackets,
      misses: traffic.lruMisses,
      packetsPerSecond: rate(earlier?.lruPackets, traffic.lruPackets),
      missesPerSecond: rate(earlier?.lruMisses, traffic.lruMisses),
    },
  };
}

/** The share of packets that found their connection in the table, 0 to 1: of those of now where there are some, else of all; null without any. */
export function hitRate({ lru }: TrafficRates): number | null {
  const { packetsPerSecond, missesPerSecond, packets, misses } = lru;
  if (packetsPerSecond !== null && missesPerSecond !== null && packetsPerSecond > 0)
    return Math.max(0, 1 - missesPerSecond / packetsPerSecond);
  return packets > 0n ? Math.max(0, 1 - Number(misses) / Number(packets)) : null;
}
