import type { Warning } from '../failure.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import type { Topology } from '../linux/cpu-topology.ts';
import { KernelFileError } from '../linux/root.ts';
import type { CpuChoice } from './strategies.ts';
import type { AffinityPlan, PlannedVector } from './types.ts';

/** Cores named one by one before the rest is only counted. */
const NAMED = 8;

/**
 * Warning `smt-sibling`: queues on several threads of one core while whole cores are free, of those that the strategy may use.
 * Two threads of a core take interrupts no faster than one (the kernel's networking scaling guide).
 */
export function smtSiblings(
  plan: Omit<AffinityPlan, 'warnings'>,
  receive: readonly PlannedVector[],
  choice: CpuChoice,
): Warning[] {
  const { strategy, topology } = plan;
  const used = new Set(receive.flatMap(({ cpu }) => cpu ?? []));
  const usable = strategy === 'same-node' ? choice.nodeCpus : choice.cpus;
  if (used.size < 2 || usable.every((cpu) => used.has(cpu))) return [];
  const cores = coresOf(topology, [...used]);
  const doubled = [...cores.values()].filter((threads) => threads.length > 1);
  if (doubled.length === 0) return [];
  const free = usable.filter((cpu) => !used.has(cpu) && !cores.has(firstThread(topology, cpu)));
  // Nodes are taken in turn, so only a free core of the same node would be used in its place.
  const nodes = new Set(doubled.map(([cpu]) => topology.nodeOf(cpu ?? -1)));
  const better = strategy === 'all-nodes' ? free.filter((cpu) => nodes.has(topology.nodeOf(cpu))) : free;
  if (better.length === 0) return [];
  const named = doubled.slice(0, NAMED).map((threads) => threads.sort((a, b) => a - b).join('+'));
  const more = doubled.length > NAMED ? ` and ${doubled.length - NAMED} more` : '';
  const way =
    strategy === 'keep'
      ? 'pin them apart, or choose another -strategy with -smt off'
      : '-smt off uses one thread of each';
  return [
    {
      code: 'smt-sibling',
      message:
        `queues share a core, on its threads CPU ${named.join(', ')}${more}, while whole cores are free ` +
        `(CPU ${formatCpuList(better)}); two threads of a core take interrupts no faster than one: ${way}`,
    },
  ];
}

/** The CPUs by the first thread of their core. */
function coresOf(topology: Topology, cpus: readonly number[]): Map<number, number[]> {
  const cores = new Map<number, number[]>();
  for (const cpu of cpus) {
    const core = firstThread(topology, cpu);
    cores.set(core, [...(cores.get(core) ?? []), cpu]);
  }
  return cores;
}

/** A core whose threads cannot be read is taken for one of a single thread: this is only about a warning. */
function firstThread(topology: Topology, cpu: number): number {
  try {
    return topology.siblingsOf(cpu)[0] ?? cpu;
  } catch (error) {
    if (error instanceof KernelFileError) return cpu;
    throw error;
  }
}
