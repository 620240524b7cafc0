import { Failure } from '../failure.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import type { NumaNode, Topology } from '../linux/cpu-topology.ts';
import type { CpuChoice } from './strategies.ts';
import type { PlannedNic, Strategy } from './types.ts';

/** Checks that CPUs given with a flag are online; throws Failure naming those that are not. */
export function requireOnline(flag: string, cpus: readonly number[], topology: Topology): void {
  const online = new Set(topology.online);
  const missing = cpus.filter((cpu) => !online.has(cpu));
  if (missing.length === 0) return;
  throw new Failure(
    `${flag} ${formatCpuList(cpus)}: CPU ${formatCpuList(missing)} ${missing.length === 1 ? 'is' : 'are'} not online ` +
      `(online: ${formatCpuList(topology.online)}, in /sys/devices/system/cpu/online)`,
    { remedy: `leave ${missing.length === 1 ? 'it' : 'them'} out` },
  );
}

/**
 * The CPUs a plan may use. `cpus` null: all that are online; `smt` off: of each core the first of them. Throws Failure when a CPU of `-cpus` is not online, and, for
 * `same-node`, when the node is unknown or has none of them.
 */
export function chooseCpus(
  topology: Topology,
  request: {
    readonly strategy: Strategy;
    readonly cpus: readonly number[] | null;
    readonly numaNode: number | 'nic';
    readonly smt: 'on' | 'off';
  },
  nics: readonly PlannedNic[],
): CpuChoice {
  if (request.cpus !== null) requireOnline('-cpus', request.cpus, topology);
  const given = new Set(request.cpus ?? topology.online);
  const allowed = topology.online.filter((cpu) => given.has(cpu));
  const cpus = request.smt === 'off' ? firstThreads(topology, allowed) : allowed;
  if (cpus.length === 0)
    throw new Failure('-cpus names no CPU', { remedy: 'leave it out to use all that are online' });
  const wanted = new Set(cpus);
  const nodes = topology.nodes
    .map((node): NumaNode => ({ id: node.id, cpus: node.cpus.filter((cpu) => wanted.has(cpu)) }))
    .filter((node) => node.cpus.length > 0);
  const nodeCpus = request.strategy === 'same-node' ? cpusOfNode(topology, nodes, request, nics) : [];
  return { cpus, nodes, nodeCpus };
}

/** Of the threads of each core that are among these CPUs (ascending) the first. */
function firstThreads(topology: Topology, cpus: readonly number[]): number[] {
  const taken = new Set<number>();
  return cpus.filter((cpu) => {
    if (taken.has(cpu)) return false;
    for (const thread of topology.siblingsOf(cpu)) taken.add(thread);
    return true;
  });
}

function cpusOfNode(
  topology: Topology,
  nodes: readonly NumaNode[],
  request: { readonly cpus: readonly number[] | null; readonly numaNode: number | 'nic' },
  nics: readonly PlannedNic[],
): readonly number[] {
  const id = request.numaNode === 'nic' ? nodeOfNics(nics, topology) : request.numaNode;
  const node = nodes.find((candidate) => candidate.id === id);
  if (node !== undefined) return node.cpus;
  const restricted = request.cpus !== null && topology.nodes.some((candidate) => candidate.id === id);
  throw new Failure(
    `-strategy same-node on node ${id} (-numa_node ${request.numaNode}): ` +
      `${restricted ? 'none of the CPUs in -cpus is on it' : 'it has no online CPU'}; nodes: ${describe(nodes)}`,
    { remedy: 'give one of them with -numa_node' },
  );
}

function describe(nodes: readonly NumaNode[]): string {
  return nodes.map((node) => `${node.id} (CPUs ${formatCpuList(node.cpus)})`).join(', ');
}

/**
 * The node of the interface's device or devices; where that is not known, or the kernel has no nodes, the only node if there is
 * just one. It can be a node without an online CPU.
 */
function nodeOfNics(nics: readonly PlannedNic[], topology: Topology): number {
  const [only] = topology.nodes;
  const known = topology.nodeSource === 'node' && nics.some((nic) => nic.node >= 0);
  if (topology.nodes.length === 1 && only !== undefined && !known) return only.id;
  const ids = [...new Set(nics.map((nic) => nic.node))];
  const [id] = ids;
  if (ids.length > 1)
    throw new Failure(
      `-numa_node nic: the member interfaces are on different nodes (${nics.map((nic) => `${nic.name} ${nic.node}`).join(', ')})`,
      { remedy: `give one of ${describe(topology.nodes)}` },
    );
  if (id === undefined || id < 0)
    throw new Failure(
      `-numa_node nic: the node of ${nics.map((nic) => nic.name).join(', ')} is not known ` +
        `(/sys/class/net/${nics[0]?.name ?? 'IF'}/device/numa_node)`,
      { remedy: `give one of ${describe(topology.nodes)}` },
    );
  return id;
}
