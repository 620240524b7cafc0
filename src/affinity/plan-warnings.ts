import { Failure } from '../failure.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import { receiving } from './receiving.ts';
import type { AffinityPlan, PlannedVector } from './types.ts';
import type { Warning } from '../failure.ts';
import { firstFew } from '../terminal/first-few.ts';

/** CPUs named one by one before the rest is only counted. */
const NAMED = 8;

type Plan = Omit<AffinityPlan, 'warnings'>;

/** Refuses plans that katran aborts on: a core at or above `-max_cpus`, a connection table smaller than the number of cores. */
export function requireKatranLimits(
  plan: Plan,
  limits: { readonly maxCpus: number; readonly lruSize: number | bigint },
): void {
  const { forwardingCores } = plan;
  const beyond = forwardingCores.filter((cpu) => cpu >= limits.maxCpus);
  if (beyond.length > 0)
    throw new Failure(
      `forwarding core ${formatCpuList(beyond)} is not below -max_cpus ${limits.maxCpus}, and katran aborts on that; ` +
        `keep the plan below it with -cpus, or give -max_cpus if the BPF object was compiled for more`,
    );
  if (limits.lruSize < forwardingCores.length)
    throw new Failure(
      `-lru_size ${limits.lruSize.toString()} is below the number of forwarding cores, ${forwardingCores.length}, ` +
        'over which katran divides it, and katran aborts on that; raise -lru_size',
    );
}

interface Circumstances {
  readonly cpus: readonly number[] | null;
}

/**
 * What an operator should know about a plan. Codes: `fewer-cpus`, `shared-cpu`, `cross-node`, `nic-node-unknown`, `isolated-cpu`, `node-guessed`, `kept-outside-cpus`.
 */
export function planWarnings(plan: Plan, circumstances: Circumstances): Warning[] {
  const receive = receiving(plan.vectors);
  return [
    ...fewerCpus(plan, receive, circumstances.cpus),
    ...sharedCpus(receive),
    ...crossNode(plan, receive),
    ...nicNodeUnknown(plan, receive),
    ...isolatedCpus(plan),
    ...guessedNodes(plan),
    ...keptOutside(plan, receive, circumstances.cpus),
  ];
}

function fewerCpus(plan: Plan, receive: readonly PlannedVector[], cpus: readonly number[] | null): Warning[] {
  const usable = cpus?.length ?? plan.topology.online.length;
  if (receive.length <= usable) return [];
  return [
    {
      code: 'fewer-cpus',
      message:
        `${receive.length} receive vectors but only ${usable} ${cpus === null ? 'online CPUs' : 'CPUs in -cpus'}; ` +
        `katran wants one CPU per queue, so have fewer queues: ${fewerQueues(plan, usable)}`,
    },
  ];
}

function fewerQueues(plan: Plan, count: number): string {
  const [nic] = plan.nics;
  return plan.nics.length === 1 && nic !== undefined
    ? `ethtool -L ${nic.name} combined ${count}`
    : `ethtool -L IF combined N, for ${plan.nics.map(({ name }) => name).join(' and ')}`;
}

function sharedCpus(receive: readonly PlannedVector[]): Warning[] {
  const vectorsOn = new Map<number, number[]>();
  for (const { cpu, irq } of receive)
    if (cpu !== null) {
      const irqs = vectorsOn.get(cpu);
      if (irqs === undefined) vectorsOn.set(cpu, [irq]);
      else irqs.push(irq);
    }
  const shared = [...vectorsOn].filter(([, irqs]) => irqs.length > 1).sort(([a], [b]) => a - b);
  if (shared.length === 0) return [];
  const shown = shared.map(([cpu, irqs]) => `CPU ${cpu} (irq ${formatCpuList(irqs)})`);
  return [
    {
      code: 'shared-cpu',
      message: `several receive vectors on one CPU: ${firstFew(shown, NAMED)}; one CPU per receive queue is best`,
    },
  ];
}

function crossNode(plan: Plan, receive: readonly PlannedVector[]): Warning[] {
  if (plan.topology.nodes.length < 2) return [];
  return plan.nics.flatMap(({ name, node }): Warning[] => {
    if (node < 0) return [];
    const used =
      plan.vectors.length === 0
        ? plan.forwardingCores
        : receive.flatMap((vector) => (vector.nic === name && vector.cpu !== null ? [vector.cpu] : []));
    const away = [...new Set(used)].filter((cpu) => plan.topology.nodeOf(cpu) !== node);
    if (away.length === 0) return [];
    const message =
      `${name} is on NUMA node ${node}, CPU ${formatCpuList([...away].sort((a, b) => a - b))} of the plan ` +
      `${away.length === 1 ? 'is' : 'are'} not: packets cross nodes there (-strategy same-node -numa_node nic keeps them on one)`;
    return [{ code: 'cross-node', message }];
  });
}

function nicNodeUnknown(plan: Plan, receive: readonly PlannedVector[]): Warning[] {
  if (plan.topology.nodes.length < 2) return [];
  return plan.nics
    .filter((nic) => nic.node < 0 && receive.filter((vector) => vector.nic === nic.name).length > 1)
    .map((nic) => ({
      code: 'nic-node-unknown',
      message: `the NUMA node of ${nic.name} is not known, so whether packets cross nodes is not known either`,
    }));
}

function isolatedCpus(plan: Plan): Warning[] {
  const isolated = new Set(plan.topology.isolated);
  const used = plan.forwardingCores.filter((cpu) => isolated.has(cpu)).sort((a, b) => a - b);
  if (used.length === 0) return [];
  return [
    {
      code: 'isolated-cpu',
      message: `CPU ${formatCpuList(used)} of the plan ${used.length === 1 ? 'is' : 'are'} isolated (isolcpus); if that is for other work, leave them out with -cpus`,
    },
  ];
}

function guessedNodes(plan: Plan): Warning[] {
  if (plan.topology.nodeSource !== 'package' || new Set(plan.numaNodes).size < 2) return [];
  return [
    {
      code: 'node-guessed',
      message:
        'this kernel has no /sys/devices/system/node, so CPU sockets stand for NUMA nodes; katran aborts if a node does not exist',
    },
  ];
}

function keptOutside(
  plan: Plan,
  receive: readonly PlannedVector[],
  cpus: readonly number[] | null,
): Warning[] {
  if (plan.strategy !== 'keep' || cpus === null) return [];
  const outside = receive.filter((vector) => vector.cpu !== null && !cpus.includes(vector.cpu));
  if (outside.length === 0) return [];
  return [
    {
      code: 'kept-outside-cpus',
      message: `-strategy keep leaves irq ${formatCpuList(outside.map((vector) => vector.irq).sort((a, b) => a - b))} on CPUs that are not in -cpus`,
    },
  ];
}
