import { interruptsTaken } from '../affinity/interrupt-rates.ts';
import type { Counters, LiveVector, QueueRate } from './types.ts';

/** Interrupts per second by CPU id, of those vectors, between two readings. Throws KernelFileError. */
export function ratesByCpu(
  before: Counters,
  after: Counters,
  vectors: readonly LiveVector[],
): Map<number, number> {
  const seconds = Math.max(after.time - before.time, 1) / 1000;
  // An INTx line that two members share is one interrupt.
  const once = new Map(vectors.map((vector) => [`${vector.irq} ${vector.name}`, vector]));
  const taken = interruptsTaken(before.interrupts, after.interrupts, namedAsRead(once.values(), after));
  return new Map([...taken].map(([cpu, count]) => [cpu, count / seconds]));
}

/** The name of a vector with several actions is all of them; interruptsTaken looks for one. */
function* namedAsRead(
  vectors: Iterable<LiveVector>,
  { interrupts }: Counters,
): Generator<{ irq: number; name: string }> {
  for (const { irq, name } of vectors) {
    const actions = interrupts.lines.get(irq)?.actions ?? [];
    yield { irq, name: actions.includes(name) ? name : (actions[0] ?? name) };
  }
}

/** The queues in the order of NIC and number, each with all its vectors: the one that receives and the one that transmits. */
export function queueRates(before: Counters, after: Counters, vectors: readonly LiveVector[]): QueueRate[] {
  const queues = new Map<string, { nic: string; queue: number; own: LiveVector[] }>();
  for (const vector of vectors) {
    const { nic, queue, role } = vector;
    if (queue === null || role === 'control') continue;
    const key = `${nic} ${queue}`;
    const entry = queues.get(key) ?? { nic, queue, own: [] };
    entry.own.push(vector);
    queues.set(key, entry);
  }
  return [...queues.values()]
    .sort((a, b) => a.nic.localeCompare(b.nic) || a.queue - b.queue)
    .map(({ nic, queue, own }) => {
      const byCpu = ratesByCpu(before, after, own);
      return {
        nic,
        queue,
        irqs: own.map(({ irq }) => irq).sort((a, b) => a - b),
        cpus: [...new Set(own.flatMap(({ cpus }) => cpus))].sort((a, b) => a - b),
        byCpu,
        perSecond: [...byCpu.values()].reduce((sum, rate) => sum + rate, 0),
      };
    });
}
