import type { InterruptCounters } from '../linux/interrupt-counters.ts';

/**
 * How many interrupts each CPU took between two readings of /proc/interrupts, for the given vectors (number and name). CPU id to
 * count, only CPUs that took some. A vector or CPU that is in one reading only, or a counter that ran backwards, counts nothing.
 */
export function interruptsTaken(
  before: InterruptCounters,
  after: InterruptCounters,
  vectors: Iterable<{ readonly irq: number; readonly name: string }>,
): Map<number, number> {
  const taken = new Map<number, number>();
  for (const { irq, name } of vectors) {
    const earlier = before.lines.get(irq);
    const later = after.lines.get(irq);
    if (earlier?.actions.includes(name) !== true || later?.actions.includes(name) !== true) continue;
    for (const [cpu, count] of later.counts) {
      const more = count - (earlier.counts.get(cpu) ?? 0);
      if (more > 0 && before.cpus.has(cpu)) taken.set(cpu, (taken.get(cpu) ?? 0) + more);
    }
  }
  return taken;
}
