import type { PlannedVector } from '../affinity/types.ts';
import type { Traffic } from '../katran/services/traffic.ts';
import { protocolName } from '../katran/services/types.ts';
import type { InterruptCounters } from '../linux/interrupt-counters.ts';
import type { Sample } from './exposition.ts';
import type { Name } from './names.ts';
import type { Tally } from './tally.ts';

type Value = number | bigint | boolean | null | undefined;

/** One sample without labels of its own; none where the value is not known. */
export function single(name: Name, value: Value): Sample[] {
  if (value === null || value === undefined) return [];
  return [{ name, labels: {}, value: typeof value === 'boolean' ? Number(value) : value }];
}

export function tallySamples(tally: Tally): Sample[] {
  return [
    ...single('mac_pushes_total', tally.macPushes),
    ...single('mac_refusals_total', tally.macRefusals),
    ...single('guard_repairs_total', tally.guardRepairs),
    ...single('katran_starts_total', tally.katranStarts),
    ...single('handovers_total', tally.handovers),
  ];
}

export function trafficSamples({ vips, lruPackets, lruMisses, fallbackPackets }: Traffic): Sample[] {
  return [
    ...single('fallback_packets_total', fallbackPackets),
    ...single('lru_packets_total', lruPackets),
    ...single('lru_misses_total', lruMisses),
    ...vips.flatMap(({ address, port, protocol, packets, bytes }): Sample[] => {
      const labels = { vip: address, port, proto: protocolName(protocol) };
      return [
        { name: 'vip_packets_total', labels, value: packets },
        { name: 'vip_bytes_total', labels, value: bytes },
      ];
    }),
  ];
}

/**
 * The interrupts that each CPU took of each queue, of all its vectors together; without those that are 0, since hundreds of queues and
 * CPUs would make tens of thousands. Throws KernelFileError for a counter that is no number.
 */
export function interruptSamples({ lines }: InterruptCounters, vectors: readonly PlannedVector[]): Sample[] {
  const queues = new Map<string, { nic: string; queue: number; taken: Map<number, number> }>();
  for (const { irq, nic, queue, role } of vectors) {
    const line = lines.get(irq);
    if (line === undefined || queue === null || role === 'control') continue;
    const key = `${nic} ${queue}`;
    const entry = queues.get(key) ?? { nic, queue, taken: new Map<number, number>() };
    for (const [cpu, count] of line.counts) entry.taken.set(cpu, (entry.taken.get(cpu) ?? 0) + count);
    queues.set(key, entry);
  }
  return [...queues.values()].flatMap(({ nic, queue, taken }) =>
    [...taken]
      .sort(([a], [b]) => a - b)
      .map(([cpu, value]): Sample => ({ name: 'interrupts_total', labels: { nic, queue, cpu }, value })),
  );
}
