import type { KatranEndpoint } from './endpoint.ts';
import { listenersOn } from './port.ts';
import { readProcessStart } from '../linux/process-start.ts';
import { networkNamespaceOf } from '../linux/network-namespace.ts';
import { argumentsOf, findProcesses, ofProcess } from '../linux/processes.ts';
import { openRoot, type Root } from '../linux/root.ts';
import { parseKatranFlags, type KatranFlags } from './katran-flags.ts';

const KATRAN = 'katran_server_grpc';
const DEFAULT_PORT = 50051;
/** Katran's own default of `-intf`. */
const DEFAULT_INTERFACE = 'eth0';

export interface FoundProcess {
  readonly pid: number;
  /** Its file name, or what it calls itself. */
  readonly name: string;
  /** ms since 1970; null when it cannot be read. */
  readonly since: number | null;
  /** Null when its command line cannot be read. */
  readonly flags: KatranFlags | null;
}

/** Who is at katran's port. */
export interface FoundKatran {
  readonly listening: boolean;
  /** Owners of the listening sockets, as far as they can be seen: one, when all is well. */
  readonly owners: readonly FoundProcess[];
  /** Some socket's owner is hidden from us. */
  readonly hidden: boolean;
  /** Katrans that run but have another port, or none. */
  readonly elsewhere: readonly FoundProcess[];
}

function portOf({ flags }: FoundProcess): number {
  return Number(/:(\d+)$/.exec(flags?.server ?? '')?.[1] ?? DEFAULT_PORT);
}

function describe(root: Root, pid: number): FoundProcess {
  const argv = argumentsOf(root, pid);
  const comm = ofProcess(() => root.readIfPresent(`/proc/${pid}/comm`))?.trim();
  return {
    pid,
    name: argv[0]?.split('/').at(-1) ?? comm ?? 'a process',
    since: ofProcess(() => readProcessStart(root, pid)) ?? null,
    flags: argv.length === 0 ? null : parseKatranFlags(argv),
  };
}

/** The katrans of this network namespace: in others are interfaces and ports of the same names, which are none of its business. */
function findKatrans(root: Root): FoundProcess[] {
  const here = networkNamespaceOf(root, 'self');
  return findProcesses(root, [KATRAN])
    .filter(({ pid }) => {
      const namespace = networkNamespaceOf(root, pid);
      return namespace === undefined || here === undefined || namespace === here;
    })
    .map(({ pid }) => describe(root, pid));
}

/** Whether a katran works on an interface, as its command line says. */
export function worksOn({ flags }: FoundProcess, interfaceName: string): boolean {
  return flags !== null && (flags.intf ?? DEFAULT_INTERFACE) === interfaceName;
}

/** The katrans of this network namespace that work on an interface. */
export function findKatransOn(interfaceName: string): FoundProcess[] {
  return findKatrans(openRoot('/')).filter((katran) => worksOn(katran, interfaceName));
}

/**
 * Whose the sockets may be whose owners are hidden: katrans that were started for that port. Those of other network namespaces are among
 * them where namespaces are hidden too; with more katrans than sockets nobody can tell which it is, and none is named.
 */
export function likelyOwners(
  hiddenSockets: number,
  named: readonly FoundProcess[],
  port: number,
): readonly FoundProcess[] {
  const candidates = named.filter((katran) => portOf(katran) === port);
  return candidates.length <= hiddenSockets ? candidates : [];
}

/**
 * Looks for katran on this machine, whatever -sysroot says: the sockets on its port and their owners; where an owner is hidden,
 * the process of katran's name that was started for that port. Throws KernelFileError.
 */
export function findKatran(endpoint: KatranEndpoint): FoundKatran {
  const root = openRoot('/');
  const listeners = listenersOn(endpoint).filter(({ address }) => endpoint.conflictsWith(address));
  const pids = new Set(listeners.flatMap(({ pid }) => pid ?? []));
  const hiddenSockets = listeners.filter(({ pid }) => pid === null).length;
  const named = findKatrans(root).filter(({ pid }) => !pids.has(pid));
  const likely = likelyOwners(hiddenSockets, named, endpoint.port);
  return {
    listening: listeners.length > 0,
    owners: [...[...pids].map((pid) => describe(root, pid)), ...likely],
    hidden: hiddenSockets > 0,
    elsewhere: named.filter((katran) => !likely.includes(katran)),
  };
}
