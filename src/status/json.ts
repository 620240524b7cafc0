import { protocolName } from '../katran/services/types.ts';
import { hitRate } from './traffic.ts';
import { katranFlagsOf } from './findings.ts';
import type { Answer, StatusReport, TrafficRates } from './types.ts';

const valueOf = <T>(answer: Answer<T>): T | null => ('value' in answer ? answer.value : null);
const rounded = (rate: number): number => Math.round(rate * 10) / 10;
const byCpu = (rates: ReadonlyMap<number, number>): Record<string, number> =>
  Object.fromEntries([...rates].sort(([a], [b]) => a - b).map(([cpu, rate]) => [cpu, rounded(rate)]));

/** The report as one JSON document, version 1; keys may be added. */
export function statusJson({
  observed,
  queues,
  rates,
  fallbackPerSecond,
  traffic,
  problems,
  notes,
}: StatusReport): string {
  const { katran } = observed;
  const flags = katranFlagsOf(katran);
  const [owner] = katran.owners;
  const gateway = valueOf(observed.gateway);
  return JSON.stringify({
    version: 1,
    ok: problems.length === 0,
    katran: {
      up: katran.listening,
      address: observed.address,
      pid: owner?.pid ?? null,
      since: owner?.since == null ? null : new Date(owner.since).toISOString(),
      mode: flags === null ? null : flags.mapPath === '' ? 'standalone' : 'shared',
      map_path: flags?.mapPath ?? null,
      forwarding_cores: flags?.forwardingCores ?? null,
      numa_nodes: flags?.numaNodes ?? null,
      mac: valueOf(observed.mac),
    },
    interface: valueOf(observed.interface),
    xdp: observed.xdp,
    gateway:
      gateway === null ? null : { address: gateway.address, mac: gateway.mac, interface: gateway.interface },
    fallback: {
      packets: observed.fallback === null ? null : Number(observed.fallback),
      per_second: fallbackPerSecond === null ? null : rounded(fallbackPerSecond),
    },
    traffic: traffic === null ? null : trafficJson(traffic),
    queues: queues.map((queue) => ({
      nic: queue.nic,
      queue: queue.queue,
      irqs: queue.irqs,
      cpus: queue.cpus,
      per_second: rounded(queue.perSecond),
      by_cpu: byCpu(queue.byCpu),
    })),
    interrupts_per_second: byCpu(rates),
    problems,
    notes,
  });
}

function trafficJson(traffic: TrafficRates): object {
  const { vips, lru } = traffic;
  const rate = (perSecond: number | null): number | null => (perSecond === null ? null : rounded(perSecond));
  return {
    vips: vips.map((vip) => ({
      address: vip.address,
      port: vip.port,
      protocol: protocolName(vip.protocol),
      packets: Number(vip.packets),
      bytes: Number(vip.bytes),
      packets_per_second: rate(vip.packetsPerSecond),
      bytes_per_second: rate(vip.bytesPerSecond),
    })),
    lru: {
      packets: Number(lru.packets),
      misses: Number(lru.misses),
      packets_per_second: rate(lru.packetsPerSecond),
      misses_per_second: rate(lru.missesPerSecond),
      hit_rate: hitRate(traffic),
    },
  };
}
