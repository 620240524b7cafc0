import type { CountersOfSome, CountsByCpu } from '../linux/interrupt-counters.ts';
import type { InterruptTable } from '../linux/interrupts.ts';

/** Of a whole table what these interrupts have counted, on all its CPUs. Throws KernelFileError for a counter that is no number. */
export function countersOf({ cpus, lines }: InterruptTable, irqs: Iterable<number>): CountersOfSome {
  const counted = new Map<number, { actions: readonly string[]; counts: CountsByCpu }>();
  for (const irq of irqs) {
    const line = lines.get(irq);
    if (line === undefined) continue;
    const { actions, counts } = line;
    counted.set(irq, { actions, counts: new Map(cpus.map((cpu, column) => [cpu, counts[column] ?? 0])) });
  }
  return { cpus: new Set(cpus), lines: counted };
}

/**
 * How many interrupts each CPU took between two readings of /proc/interrupts, for the given vectors (number and name). CPU id to
 * count, only CPUs that took some. A vector or CPU that is in one reading only, or a counter that ran backwards, counts nothing.
 */
export function interruptsTaken(
  before: CountersOfSome,
  after: CountersOfSome,
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
