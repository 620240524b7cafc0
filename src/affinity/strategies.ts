import type { NumaNode } from '../linux/cpu-topology.ts';
import type { Strategy, Vector } from './types.ts';

/** The CPUs a strategy may use: online and, if given, in `-cpus`. */
export interface CpuChoice {
  /** Ascending. */
  readonly cpus: readonly number[];
  /** Nodes with at least one of them, ascending by id, each with those of its CPUs. */
  readonly nodes: readonly NumaNode[];
  /** CPUs of the node that `same-node` uses. */
  readonly nodeCpus: readonly number[];
}

/** Strategies that choose a CPU; `keep` finds it in the vector's present affinity instead (see keep.ts). */
export type SpreadingStrategy = Exclude<Strategy, 'keep'>;

/** The CPU of the i-th receive vector, undefined only when there is no CPU to choose from. */
export function cpuOfReceiveVector(
  strategy: SpreadingStrategy,
  i: number,
  choice: CpuChoice,
): number | undefined {
  switch (strategy) {
    case 'sequential':
      return roundRobin(choice.cpus, i);
    case 'same-node':
      return roundRobin(choice.nodeCpus, i);
    case 'all-nodes': {
      const node = roundRobin(choice.nodes, i);
      return node && roundRobin(node.cpus, Math.floor(i / choice.nodes.length));
    }
  }
}

function roundRobin<T>(items: readonly T[], i: number): T | undefined {
  return items[i % items.length];
}

/** Receive vectors in the order in which CPUs are dealt out: member interface by name, then queue, then IRQ. */
export function receiveOrder<T extends Vector>(vectors: readonly T[]): T[] {
  return vectors
    .filter((vector) => vector.role === 'receive')
    .sort((a, b) => compareText(a.nic, b.nic) || (a.queue ?? 0) - (b.queue ?? 0) || a.irq - b.irq);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The receive vector whose CPU each transmit vector of one NIC shares, so that a queue's completions run where its packets
 * arrived: the one with the same queue index, else number (queue mod count). `receive` in receiveOrder, of that NIC.
 */
export function pairTransmit<T extends Vector>(transmit: readonly T[], receive: readonly T[]): Map<T, T> {
  const byQueue = new Map<number | null, T>();
  for (const vector of receive) if (!byQueue.has(vector.queue)) byQueue.set(vector.queue, vector);
  const pairs = new Map<T, T>();
  for (const vector of transmit) {
    const partner = byQueue.get(vector.queue) ?? roundRobin(receive, vector.queue ?? 0);
    if (partner !== undefined) pairs.set(vector, partner);
  }
  return pairs;
}
