import { formatCpuList } from '../linux/cpu-list.ts';
import { receiving } from './receiving.ts';
import { smtSiblings } from './smt-siblings.ts';
import type { CpuChoice } from './strategies.ts';
import type { AffinityPlan, PlannedVector } from './types.ts';
import type { Warning } from '../failure.ts';
import { firstFew } from '../terminal/first-few.ts';

/** CPUs named one by one before the rest is only counted. */
const NAMED = 8;

type Plan = Omit<AffinityPlan, 'warnings'>;

/**
 * What katran aborts on: `max-cpus`, a core at or above `-max_cpus`; `lru-size`, a connection table smaller than the number of
 * cores.
 */
export function beyondKatranLimits(
  { forwardingCores }: Plan,
  limits: { readonly maxCpus: number; readonly lruSize: number | bigint },
): Warning[] {
  const warnings: Warning[] = [];
  const beyond = forwardingCores.filter((cpu) => cpu >= limits.maxCpus);
  if (beyond.length > 0)
    warnings.push({
      code: 'max-cpus',
      message:
        `forwarding core ${formatCpuList(beyond)} is not below -max_cpus ${limits.maxCpus}, and katran aborts on that; ` +
        `keep the plan below it with -cpus, or give -max_cpus if the BPF object was compiled for more`,
    });
  if (limits.lruSize < forwardingCores.length)
    warnings.push({
      code: 'lru-size',
      message:
        `-lru_size ${limits.lruSize.toString()} is below the number of forwarding cores, ${forwardingCores.length}, ` +
        'over which katran divides it, and katran aborts on that; raise -lru_size',
    });
  return warnings;
}

interface Circumstances {
  readonly cpus: readonly number[] | null;
  readonly smt: 'on' | 'off';
}

/**
 * What an operator should know about a plan. Codes: `fewer-cpus`, `shared-cpu`, `cross-node`, `nic-node-unknown`, `isolated-cpu`, `nohz-full-cpu`,
 * `node-guessed`, `kept-outside-cpus`, `smt-sibling`.
 */
export function planWarnings(plan: Plan, circumstances: Circumstances, choice: CpuChoice): Warning[] {
  const receive = receiving(plan.vectors);
  return [
    ...fewerCpus(plan, receive, circumstances, choice.cpus.length),
    ...sharedCpus(receive),
    ...crossNode(plan, receive),
    ...nicNodeUnknown(plan, receive),
    ...isolatedCpus(plan),
    ...nohzFullCpus(plan),
    ...guessedNodes(plan),
    ...keptOutside(plan, receive, circumstances.cpus),
    ...smtSiblings(plan, receive, choice),
  ];
}

function fewerCpus(
  plan: Plan,
  receive: readonly PlannedVector[],
  { cpus, smt }: Circumstances,
  usable: number,
): Warning[] {
  if (receive.length <= usable) return [];
  const those = cpus === null ? 'online CPUs' : 'CPUs in -cpus';
  return [
    {
      code: 'fewer-cpus',
      message:
        `${receive.length} receive vectors but only ${usable} ${smt === 'off' ? `cores of the ${those} (-smt off)` : those}; ` +
        `katran wants one CPU per queue, so have fewer queues: ${fewerQueues(plan, usable)}`,
    },
  ];
}

function fewerQueues(plan: Plan, count: number): string {
  const each = Math.max(1, Math.floor(count / plan.nics.length));
  return plan.nics.map(({ name }) => `ethtool -L ${name} combined ${each}`).join(' && ');
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
  const shown = firstFew(shared, NAMED, ', ', ([cpu, irqs]) => `CPU ${cpu} (irq ${formatCpuList(irqs)})`);
  return [
    {
      code: 'shared-cpu',
      message: `several receive vectors on one CPU: ${shown}; one CPU per receive queue is best`,
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

function nohzFullCpus(plan: Plan): Warning[] {
  const nohzFull = new Set(plan.topology.nohzFull);
  const used = plan.forwardingCores.filter((cpu) => nohzFull.has(cpu)).sort((a, b) => a - b);
  if (used.length === 0) return [];
  return [
    {
      code: 'nohz-full-cpu',
      message:
        `CPU ${formatCpuList(used)} of the plan ${used.length === 1 ? 'is' : 'are'} kept free of ticks for one task each (nohz_full), ` +
        'which interrupts disturb; leave them out with -cpus',
    },
  ];
}

function guessedNodes({ topology, numaNodes, forwardingCores }: Plan): Warning[] {
  const placed = forwardingCores.filter((cpu) => topology.withoutPackage.includes(cpu));
  const several = new Set(numaNodes).size > 1;
  if (topology.nodeSource !== 'package' || (!several && placed.length === 0)) return [];
  const guess =
    placed.length === 0
      ? ''
      : ` (CPU ${formatCpuList(placed)} for node 0, without a physical_package_id in /sys/devices/system/cpu)`;
  return [
    {
      code: 'node-guessed',
      message: `this kernel has no /sys/devices/system/node, so CPU sockets stand for NUMA nodes${guess}; katran aborts if a node does not exist`,
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
