import { Failure } from '../failure.ts';
import { CpuListError, parseCpuList } from './cpu-list.ts';
import { malformed } from './malformed.ts';
import { KernelFileError, type Root } from './root.ts';

const CPU = '/sys/devices/system/cpu';
const NODE = '/sys/devices/system/node';

export interface NumaNode {
  readonly id: number;
  /** Online CPU ids, ascending. */
  readonly cpus: readonly number[];
}

export interface Topology {
  /** Highest possible CPU id + 1: the width of an affinity mask. */
  readonly possibleCpus: number;
  /** CPU ids, ascending, as are `present` and `isolated`. */
  readonly online: readonly number[];
  readonly present: readonly number[];
  readonly isolated: readonly number[];
  /** CPUs without a tick while one task runs there (nohz_full), ascending. */
  readonly nohzFull: readonly number[];
  /** Those with an online CPU, ascending by id; ids can have gaps. */
  readonly nodes: readonly NumaNode[];
  /** Where `nodes` is from: the kernel's nodes, the sockets (no node directory), or neither (one node 0). */
  readonly nodeSource: 'node' | 'package' | 'single';
  /** With `package`: online CPUs that name no socket, and so are on node 0 for want of a better one. */
  readonly withoutPackage: readonly number[];
  /** The id of the node of an online CPU. Throws Failure for any other CPU. */
  nodeOf(cpu: number): number;
  /** The hardware threads of a CPU's core, itself included, ascending; read when asked, once. Throws KernelFileError. */
  siblingsOf(cpu: number): readonly number[];
}

function readListIfPresent(root: Root, path: string): number[] | undefined {
  const text = root.readIfPresent(path);
  return text === undefined ? undefined : parseList(root, path, text);
}

function parseList(root: Root, path: string, text: string): number[] {
  try {
    return parseCpuList(text);
  } catch (error) {
    if (error instanceof CpuListError)
      throw malformed(root.hostPath(path), 1, 'a CPU list such as 0-3,8', text);
    throw error;
  }
}

/** The ids of entries such as `cpu3`, `node0` in a directory, ascending. */
function idsIn(root: Root, directory: string, prefix: string): number[] {
  return root
    .list(directory)
    .filter((name) => name.startsWith(prefix) && /^\d{1,7}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
}

function readOnline(root: Root): number[] {
  const path = `${CPU}/online`;
  const online =
    readListIfPresent(root, path) ?? readListIfPresent(root, `${CPU}/present`) ?? idsIn(root, CPU, 'cpu');
  if (online.length === 0) {
    throw new KernelFileError(
      `${root.hostPath(path)} names no online CPU; it must hold a CPU list such as 0-3,8`,
      root.hostPath(path),
    );
  }
  return online;
}

function groupByNode(nodeByCpu: ReadonlyMap<number, number>): NumaNode[] {
  const cpusByNode = new Map<number, number[]>();
  for (const [cpu, node] of nodeByCpu) {
    const cpus = cpusByNode.get(node);
    if (cpus === undefined) cpusByNode.set(node, [cpu]);
    else cpus.push(cpu);
  }
  return [...cpusByNode]
    .map(([id, cpus]) => ({ id, cpus: cpus.sort((a, b) => a - b) }))
    .sort((a, b) => a.id - b.id);
}

/** /sys/devices/system/node/nodeN/cpulist; undefined when the kernel has no nodes. */
function readNodes(root: Root, online: readonly number[]): Map<number, number> | undefined {
  const ids = idsIn(root, NODE, 'node');
  if (ids.length === 0) return undefined;
  const nodeByCpu = new Map<number, number>();
  const isOnline = new Set(online);
  for (const id of ids) {
    for (const cpu of readListIfPresent(root, `${NODE}/node${id}/cpulist`) ?? []) {
      if (!isOnline.has(cpu)) continue;
      const other = nodeByCpu.get(cpu);
      if (other !== undefined) {
        throw new KernelFileError(
          `${root.hostPath(NODE)} has CPU ${cpu} in two nodes, ${other} and ${id}`,
          root.hostPath(NODE),
        );
      }
      nodeByCpu.set(cpu, id);
    }
  }
  const homeless = online.find((cpu) => !nodeByCpu.has(cpu));
  if (homeless !== undefined) {
    throw new KernelFileError(
      `CPU ${homeless} is online but in no nodeN/cpulist of ${root.hostPath(NODE)}; katran needs the node of every CPU it uses`,
      root.hostPath(NODE),
    );
  }
  return nodeByCpu;
}

/** cpuN/topology/physical_package_id of the CPUs that have one, with -1 (not known to the hardware) as 0. */
function readPackages(root: Root, online: readonly number[]): Map<number, number> {
  const packageByCpu = new Map<number, number>();
  for (const cpu of online) {
    const path = `${CPU}/cpu${cpu}/topology/physical_package_id`;
    const text = root.readIfPresent(path)?.trim();
    if (text === undefined) continue;
    if (!/^(?:-1|\d{1,9})$/.test(text)) throw malformed(root.hostPath(path), 1, 'a package number', text);
    packageByCpu.set(cpu, Math.max(0, Number(text)));
  }
  return packageByCpu;
}

/** A kernel that was not booted with nohz_full prints the list it never made as `(null)`. */
function readNohzFull(root: Root): number[] {
  const path = `${CPU}/nohz_full`;
  const text = root.readIfPresent(path)?.trim() ?? '';
  return text === '(null)' ? [] : parseList(root, path, text);
}

function readSiblings(root: Root, cpu: number): readonly number[] {
  const directory = `${CPU}/cpu${cpu}/topology`;
  const cpus =
    readListIfPresent(root, `${directory}/core_cpus_list`) ??
    readListIfPresent(root, `${directory}/thread_siblings_list`) ??
    [];
  return cpus.includes(cpu) ? cpus : [cpu];
}

function readOnce(root: Root): Topology {
  const online = readOnline(root);
  const present = readListIfPresent(root, `${CPU}/present`) ?? online;
  const possible = readListIfPresent(root, `${CPU}/possible`) ?? present;
  if (possible.length === 0) {
    throw new KernelFileError(
      `${root.hostPath(`${CPU}/possible`)} names no CPU, so the width of an affinity mask is not known; it must hold a CPU list such as 0-7`,
      root.hostPath(`${CPU}/possible`),
    );
  }
  const isolated = readListIfPresent(root, `${CPU}/isolated`) ?? [];
  const nohzFull = readNohzFull(root);

  let nodeSource: Topology['nodeSource'] = 'node';
  let withoutPackage: readonly number[] = [];
  let nodes = readNodes(root, online);
  if (nodes === undefined) {
    const packages = readPackages(root, online);
    nodeSource = packages.size === 0 ? 'single' : 'package';
    if (packages.size > 0) withoutPackage = online.filter((cpu) => !packages.has(cpu));
    nodes = new Map(online.map((cpu) => [cpu, packages.get(cpu) ?? 0]));
  }
  const nodeByCpu = nodes;
  const siblings = new Map<number, readonly number[]>();
  return {
    possibleCpus: Math.max(online.at(-1) ?? 0, present.at(-1) ?? 0, possible.at(-1) ?? 0) + 1,
    online,
    present,
    isolated,
    nohzFull,
    nodes: groupByNode(nodeByCpu),
    nodeSource,
    withoutPackage,
    nodeOf: (cpu) => {
      const node = nodeByCpu.get(cpu);
      if (node === undefined) throw new Failure(`CPU ${cpu} is not online, so it has no NUMA node`);
      return node;
    },
    siblingsOf: (cpu) => {
      const known = siblings.get(cpu);
      if (known !== undefined) return known;
      const read = readSiblings(root, cpu);
      siblings.set(cpu, read);
      return read;
    },
  };
}

/**
 * CPUs and NUMA nodes from /sys/devices/system/{cpu,node}. Where there is no node directory the sockets stand in for
 * nodes; where they are unknown too, all CPUs are in node 0. Throws KernelFileError.
 */
export function readTopology(root: Root): Topology {
  try {
    return readOnce(root);
  } catch (error) {
    // A CPU that comes or goes between two of the files looks like a contradiction: look again, once.
    if (!(error instanceof KernelFileError) || error.code !== undefined) throw error;
    return readOnce(root);
  }
}
