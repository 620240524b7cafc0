import { formatCpuList } from '../linux/cpu-list.ts';
import type { Topology } from '../linux/cpu-topology.ts';
import type { KatranFlags } from './katran-flags.ts';
import type { Finding, LiveVector } from './types.ts';

/** Queues named one by one before the rest is only counted. */
const NAMED = 4;
const listed = (items: readonly string[]): string =>
  items.length <= NAMED
    ? items.join(', ')
    : `${items.slice(0, NAMED).join(', ')} and ${items.length - NAMED} more`;
const cores = (cpus: readonly number[]): string => formatCpuList([...cpus].sort((a, b) => a - b));

function outside(vectors: readonly LiveVector[], forwarding: readonly number[]): Finding[] {
  const given = new Set(forwarding);
  const receive = vectors.filter(({ role }) => role === 'receive');
  const astray = receive.filter(({ cpus }) => cpus.some((cpu) => !given.has(cpu)));
  if (astray.length === 0) return [];
  const named = astray.map(({ irq, name, cpus }) => `irq ${irq} (${name}) on CPU ${formatCpuList(cpus)}`);
  return [
    {
      code: 'affinity-differs',
      message:
        `${astray.length} of ${receive.length} receive queues can land outside katran's forwarding cores (${cores(forwarding)}), ` +
        `where packets use its small fallback table: ${listed(named)}; pin them back with the launch's own flags and -affinitize_only`,
    },
  ];
}

function onOtherNodes({ forwardingCores, numaNodes }: KatranFlags, topology: Topology): Finding[] {
  if (forwardingCores === null || numaNodes === null || numaNodes.length === 0) return [];
  const online = new Set(topology.online);
  const wrong = forwardingCores.flatMap((cpu, position) => {
    if (!online.has(cpu)) return [];
    const node = topology.nodeOf(cpu);
    const told = numaNodes[position];
    return told === node ? [] : [`CPU ${cpu} is on node ${node}, katran was told ${told ?? 'none'}`];
  });
  if (wrong.length === 0) return [];
  return [
    {
      code: 'numa-differs',
      message: `katran's -numa_nodes are not this machine's: ${listed(wrong)}; restart katran`,
    },
  ];
}

/** What is wrong with the affinity, measured by the plan katran was started with. */
export function affinityProblems(
  flags: KatranFlags,
  topology: Topology,
  vectors: readonly LiveVector[],
): Finding[] {
  const { forwardingCores } = flags;
  if (forwardingCores === null) return [];
  if (forwardingCores.length === 0) {
    return [
      {
        code: 'no-forwarding-cores',
        message:
          'katran runs without -forwarding_cores: every packet uses its small fallback table; start it through start-katran',
      },
    ];
  }
  const online = new Set(topology.online);
  const gone = forwardingCores.filter((cpu) => !online.has(cpu));
  return [
    ...(gone.length === 0
      ? []
      : [
          {
            code: 'core-offline',
            message: `CPU ${cores(gone)} of katran's forwarding cores went offline; bring it back, or restart katran`,
          },
        ]),
    ...outside(vectors, forwardingCores),
    ...onOtherNodes(flags, topology),
  ];
}
