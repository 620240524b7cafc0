import { receiving } from '../affinity/receiving.ts';
import { receiveOrder } from '../affinity/strategies.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import type { Topology } from '../linux/cpu-topology.ts';
import { firstFew } from '../terminal/first-few.ts';
import type { KatranFlags } from '../katran/katran-flags.ts';
import type { Finding, LiveVector } from './types.ts';

/** Queues named one by one before the rest is only counted. */
const NAMED = 4;
const REMEDY = "pin them back with -affinitize_only and the launch's own flags";
const listed = (items: readonly string[]): string => firstFew(items, NAMED, '; ');
const cores = (cpus: readonly number[]): string => formatCpuList([...cpus].sort((a, b) => a - b));

function onCpus({ irq, name, cpus }: LiveVector): string {
  return `irq ${irq} (${name}) on CPU ${formatCpuList(cpus) || 'unknown'}`;
}

/** Receive queues whose packets can reach a CPU for which katran has no connection table. */
function outside(receive: readonly LiveVector[], forwarding: readonly number[]): Finding[] {
  const given = new Set(forwarding);
  const astray = receive.filter(({ cpus }) => cpus.some((cpu) => !given.has(cpu)));
  if (astray.length === 0) return [];
  return [
    {
      code: 'affinity-outside',
      message:
        `${astray.length} of ${receive.length} receive queues can land outside katran's forwarding cores (${cores(forwarding)}), ` +
        `where packets use its small fallback table: ${listed(astray.map(onCpus))}; ${REMEDY}`,
    },
  ];
}

/**
 * Receive queues that are on forwarding cores, but not as planned. With as many queues as cores, katran was given the cores in
 * the order of the queues; else no more can be said than that each queue has one CPU.
 */
function moved(receive: readonly LiveVector[], forwarding: readonly number[]): Finding[] {
  const given = new Set(forwarding);
  const inOrder = receive.length === forwarding.length;
  const astray = receive.flatMap((vector, position) => {
    const { cpus } = vector;
    if (cpus.some((cpu) => !given.has(cpu))) return [];
    const planned = forwarding[position];
    if (cpus.length === 1 && (!inOrder || cpus[0] === planned)) return [];
    return [`${onCpus(vector)}${inOrder && planned !== undefined ? `, planned ${planned}` : ''}`];
  });
  if (astray.length === 0) return [];
  return [
    {
      code: 'affinity-differs',
      message: `${astray.length} of ${receive.length} receive queues are not where katran was started with them: ${listed(astray)}; ${REMEDY}`,
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
  const receive = receiveOrder(receiving(vectors));
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
    ...outside(receive, forwardingCores),
    ...moved(receive, forwardingCores),
    ...onOtherNodes(flags, topology),
  ];
}
