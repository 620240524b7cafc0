import { Failure } from '../failure.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import type { Topology } from '../linux/cpu-topology.ts';
import type { InterruptTable } from '../linux/interrupts.ts';
import { readMembers, type NetDevice } from '../linux/net-device.ts';
import { KernelFileError, type Root } from '../linux/root.ts';
import { formatAffinityMask, parseAffinityMask, readEffectiveAffinity } from '../linux/smp-affinity.ts';
import { chooseCpus, requireOnline } from './cpu-choice.ts';
import { readDeviceFacts } from './vectors/device-facts.ts';
import { keptCpu } from './keep.ts';
import { noReceiveVectors } from './vectors/no-vectors.ts';
import { linksDown } from './links-down.ts';
import { beyondKatranLimits, planWarnings } from './plan-warnings.ts';
import { readPresentMask } from './masks/present-mask.ts';
import { receiving } from './receiving.ts';
import { cpuOfReceiveVector, pairTransmit, receiveOrder, type CpuChoice } from './strategies.ts';
import type { AffinityPlan, PlannedNic, PlannedVector, Strategy, Vector } from './types.ts';
import type { Warning } from '../failure.ts';
import { discoverVectors } from './vectors/discover.ts';

export interface PlanRequest {
  readonly root: Root;
  readonly topology: Topology;
  /** Not looked at with `forwardingCores`. */
  readonly interrupts: InterruptTable;
  readonly interfaceName: string;
  readonly strategy: Strategy;
  /** `-cpus`: CPU ids; null for all that are online. */
  readonly cpus: readonly number[] | null;
  /** The node of `same-node`; `nic` for the interface's own. */
  readonly numaNode: number | 'nic';
  /** `off`: of each core's threads only the first. */
  readonly smt: 'on' | 'off';
  /** Forwarding cores must be below this. */
  readonly maxCpus: number;
  readonly lruSize: number | bigint;
  /** What these two are where no katran is started with the plan: `warn`. */
  readonly katranLimits: 'refuse' | 'warn';
  /** `-forwarding_cores`: CPU ids, which then are the plan; null to find the interrupts and plan them. */
  readonly forwardingCores: readonly number[] | null;
}

/** A vector with the affinity it has now. */
interface FoundVector extends Vector {
  readonly current: string | null;
  readonly effective: readonly number[] | null;
}

/**
 * Plans which vector of an interface (a bond's or VLAN's: of its member devices) goes to which CPU, and what katran is
 * told. Reads /proc/irq once per vector, writes nothing. Throws Failure when nothing can be planned or katran would abort
 * with the plan.
 */
export function makePlan(request: PlanRequest): AffinityPlan {
  const { root, topology, interfaceName, strategy } = request;
  const devices = readMembers(root, interfaceName);
  const nics = devices.map(({ name, driver, node }): PlannedNic => ({ name, driver, node }));
  const found =
    request.forwardingCores === null ? findVectors(request, devices) : { vectors: [], warnings: [] };
  const choice =
    request.forwardingCores === null
      ? chooseCpus(topology, request, nics)
      : { cpus: topology.online, nodes: topology.nodes, nodeCpus: [] };
  const vectors = request.forwardingCores === null ? assign(request, nics, found.vectors, choice) : [];
  if (request.forwardingCores !== null) {
    requireOnline('-forwarding_cores', request.forwardingCores, topology);
    if (request.cpus !== null) requireOnline('-cpus', request.cpus, topology);
  }

  const forwardingCores = request.forwardingCores ?? [
    ...new Set(receiveOrder(receiving(vectors)).flatMap((vector) => vector.cpu ?? [])),
  ];
  const plan = {
    interface: interfaceName,
    strategy,
    topology,
    nics,
    vectors,
    forwardingCores,
    numaNodes: forwardingCores.map((cpu) => topology.nodeOf(cpu)),
  };
  const limits = beyondKatranLimits(plan, request);
  const [limit] = limits;
  if (request.katranLimits === 'refuse' && limit !== undefined) throw new Failure(limit.message);
  return {
    ...plan,
    warnings: [
      ...found.warnings,
      ...linksDown(root, interfaceName, devices),
      ...limits,
      ...planWarnings(plan, request, choice),
    ],
  };
}

function findVectors(
  { root, interrupts, strategy }: PlanRequest,
  devices: readonly NetDevice[],
): { vectors: FoundVector[]; warnings: Warning[] } {
  const vectors: FoundVector[] = [];
  const warnings: Warning[] = [];
  const failures: Failure[] = [];
  // Two members can be ports of one device, with vectors that name neither.
  const taken = new Set<number>();
  for (const device of devices) {
    const found = discoverVectors(device, interrupts, readDeviceFacts(root, device.name));
    if (!found.vectors.some((vector) => vector.role === 'receive')) {
      const failure = noReceiveVectors(device, found.vectors);
      failures.push(failure);
      warnings.push({ code: 'member-without-vectors', message: failure.message });
      continue;
    }
    warnings.push(...found.warnings);
    for (const vector of found.vectors) {
      if (taken.has(vector.irq)) continue;
      taken.add(vector.irq);
      vectors.push({ ...vector, ...readPresentAffinity(root, vector, strategy) });
    }
  }
  // A bridge has virtual members beside the physical one; only when none of them receives is there nothing to plan.
  const [failure] = failures;
  if (vectors.length === 0 && failure !== undefined) throw failure;
  return { vectors, warnings };
}

/** What /proc/irq/N says now; an interrupt that has no directory there is met when it is written. */
function readPresentAffinity(
  root: Root,
  vector: Vector,
  strategy: Strategy,
): Pick<FoundVector, 'current' | 'effective'> {
  let current: string | null = null;
  try {
    current = readPresentMask(root, vector);
  } catch (error) {
    if (!(error instanceof KernelFileError && error.code === 'ENOENT') && vector.role !== 'control')
      throw error;
  }
  // Only `keep` asks where an interrupt is delivered now; reading that of thousands of vectors takes its time.
  const asked = strategy === 'keep' && vector.role !== 'control';
  return { current, effective: (asked ? readEffectiveAffinity(root, vector.irq) : undefined) ?? null };
}

function assign(
  request: PlanRequest,
  nics: readonly PlannedNic[],
  found: readonly FoundVector[],
  choice: CpuChoice,
): PlannedVector[] {
  const receive = receiveOrder(found);
  const { strategy, topology } = request;
  const online = new Set(topology.online);
  const cpuOf = new Map<FoundVector, number>();
  receive.forEach((vector, i) => {
    if (strategy !== 'keep') cpuOf.set(vector, chosen(strategy, i, choice));
    else if (!vector.idle) cpuOf.set(vector, staysOn(vector, online));
  });
  if (strategy !== 'keep')
    for (const nic of nics) {
      const own = found.filter((vector) => vector.nic === nic.name);
      const transmit = own.filter((vector) => vector.role === 'transmit');
      if (transmit.length === 0) continue;
      for (const [vector, partner] of pairTransmit(transmit, receiveOrder(own))) {
        const cpu = cpuOf.get(partner);
        if (cpu !== undefined) cpuOf.set(vector, cpu);
      }
    }
  const masks = new Map<number, string>();
  const maskOf = (cpu: number): string => {
    const mask = masks.get(cpu) ?? formatAffinityMask([cpu], topology.possibleCpus);
    masks.set(cpu, mask);
    return mask;
  };
  return found.map((vector): PlannedVector => {
    const cpu = cpuOf.get(vector);
    if (cpu === undefined) return { ...vector, cpu: null, node: null, mask: null };
    return { ...vector, cpu, node: topology.nodeOf(cpu), mask: maskOf(cpu) };
  });
}

function chosen(strategy: Exclude<Strategy, 'keep'>, i: number, choice: CpuChoice): number {
  const cpu = cpuOfReceiveVector(strategy, i, choice);
  if (cpu === undefined) throw new Failure(`-strategy ${strategy} has no CPU to choose from`);
  return cpu;
}

function staysOn(vector: FoundVector, online: ReadonlySet<number>): number {
  const cpu = keptCpu(vector.current, vector.effective, online);
  if (cpu !== undefined) return cpu;
  const file = `/proc/irq/${vector.irq}`;
  const has =
    vector.current === null
      ? `cannot be read from ${file}/smp_affinity`
      : `is on CPUs ${formatCpuList(parseAffinityMask(vector.current))} (${file}/smp_affinity)`;
  throw new Failure(
    `-strategy keep: irq ${vector.irq} (${vector.name}) ${has}, and effective_affinity ` +
      (vector.effective === null ? 'does not exist' : `is ${formatCpuList(vector.effective) || 'empty'}`),
    { remedy: 'it must stay on one online CPU: pin it to one, or choose another -strategy' },
  );
}
