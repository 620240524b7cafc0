import type { InterruptTable } from '../linux/interrupts.ts';

/**
 * How many interrupts each CPU took between two readings of /proc/interrupts, for the given vectors (number and name). CPU id to
 * count, only CPUs that took some. A vector or CPU that is in one reading only, or a counter that ran backwards, counts
 * nothing. Throws KernelFileError for a counter that is no number.
 */
export function interruptsTaken(
  before: InterruptTable,
  after: InterruptTable,
  vectors: Iterable<{ readonly irq: number; readonly name: string }>,
): Map<number, number> {
  const columnBefore = new Map(before.cpus.map((cpu, column) => [cpu, column]));
  const taken = new Map<number, number>();
  for (const { irq, name } of vectors) {
    const earlier = before.lines.get(irq);
    const later = after.lines.get(irq);
    if (earlier?.actions.includes(name) !== true || later?.actions.includes(name) !== true) continue;
    after.cpus.forEach((cpu, column) => {
      const then = earlier.counts[columnBefore.get(cpu) ?? -1];
      const now = later.counts[column];
      if (then === undefined || now === undefined || now <= then) return;
      taken.set(cpu, (taken.get(cpu) ?? 0) + now - then);
    });
  }
  return taken;
}
