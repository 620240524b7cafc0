import { vipName } from '../katran/services/types.ts';
import { shortCount } from '../report/load.ts';
import { printableLine } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { hitRate } from './traffic.ts';
import type { TrafficRates, VipRate } from './types.ts';

const rate = (perSecond: number | null): string => (perSecond === null ? '?' : shortCount(perSecond));
const sum = (vips: readonly VipRate[], of: (vip: VipRate) => number | null): number =>
  vips.reduce((all, vip) => all + (of(vip) ?? 0), 0);

/** One line: `1.2M packets/s and 800M bytes/s to 12 VIPs; connection table 99.3 % hits, 1.1k misses/s`. */
export function trafficWords(traffic: TrafficRates | null): string {
  if (traffic === null) return 'unknown';
  const { vips, lru } = traffic;
  if (vips.length === 0) return 'katran has no VIPs, so it forwards nothing';
  const packets = shortCount(sum(vips, (vip) => vip.packetsPerSecond));
  const bytes = shortCount(sum(vips, (vip) => vip.bytesPerSecond));
  const hits = hitRate(traffic);
  const connections =
    hits === null
      ? 'connection table unused'
      : `connection table ${percent(hits)} % hits, ${rate(lru.missesPerSecond)} misses/s`;
  const to = `${vips.length} ${vips.length === 1 ? 'VIP' : 'VIPs'}`;
  return `${packets} packets/s, ${bytes} bytes/s to ${to}; ${connections}`;
}

/** Rounded down: 100 is said of all only. */
const percent = (share: number): string => String(Math.floor(share * 1000) / 10);

const busiestFirst = (a: VipRate, b: VipRate): number =>
  (b.packetsPerSecond ?? 0) - (a.packetsPerSecond ?? 0) || Number(b.packets - a.packets);

/** A line for each VIP, the busiest first; `most`: so many, and how many more there are. */
export function vipTable({ vips }: TrafficRates, most: number): string[] {
  if (vips.length === 0) return [];
  const shown = vips.toSorted(busiestFirst).slice(0, most);
  const rows = shown.map((vip) => [
    printableLine(vipName(vip)),
    rate(vip.packetsPerSecond),
    rate(vip.bytesPerSecond),
    String(vip.packets),
    String(vip.bytes),
  ]);
  const left = vips.length - shown.length;
  return [
    '',
    ...table(['VIP', 'packets/s', 'bytes/s', 'packets', 'bytes'], rows, [1, 2, 3, 4]).split('\n'),
    ...(left === 0 ? [] : [`and ${left} VIPs with less; -json and -watch have them all`]),
  ];
}
