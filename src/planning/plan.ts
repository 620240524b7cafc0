import { makePlan } from '../affinity/plan.ts';
import type { AffinityPlan } from '../affinity/types.ts';
import { chooseInterface } from './interface.ts';
import type { Options } from '../cli/options.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import { readTopology } from '../linux/cpu-topology.ts';
import { readInterrupts, type InterruptTable } from '../linux/interrupts.ts';
import type { Root } from '../linux/root.ts';
import type { Log } from '../log/log.ts';
import { shellLine } from '../terminal/shell-quote.ts';

/** With -forwarding_cores there is nothing to find: a host that hides its interrupts has a plan all the same. */
const NO_INTERRUPTS: InterruptTable = { cpus: [], lines: new Map() };

/** The plan for what was typed on the machine below the root. Throws Failure when there can be none. */
export function planFor(options: Options, root: Root, log: Log): AffinityPlan {
  return planForInterface(options, root, chooseInterface(options, root, log));
}

/** The same for an interface that is known already: what the guard asks for when vectors have changed. */
export function planForInterface(options: Options, root: Root, interfaceName: string): AffinityPlan {
  return makePlan({
    root,
    topology: readTopology(root),
    interrupts: options.forwarding_cores === undefined ? readInterrupts(root) : NO_INTERRUPTS,
    interfaceName,
    strategy: options.strategy,
    cpus: options.cpus ?? null,
    numaNode: options.numa_node,
    smt: options.smt,
    maxCpus: options.max_cpus,
    lruSize: options.lru_size,
    katranLimits: options.affinitize_only ? 'warn' : 'refuse',
    forwardingCores: options.forwarding_cores ?? null,
  });
}

/** The flags that give the same plan again, to be typed behind a command: `-intf eth0 -strategy all-nodes -cpus 2-9`. */
export function flagsOfPlan(options: Options, root: Root, interfaceName: string): string {
  const { strategy, cpus, numa_node: node, smt, max_cpus: maxCpus, given } = options;
  return shellLine([
    ...(root.live ? [] : ['-sysroot', root.path]),
    ...['-intf', interfaceName, '-strategy', strategy],
    ...(strategy === 'same-node' ? ['-numa_node', String(node)] : []),
    ...(cpus === undefined ? [] : ['-cpus', formatCpuList(cpus)]),
    ...(smt === 'off' ? ['-smt', smt] : []),
    ...(given.has('max_cpus') ? ['-max_cpus', String(maxCpus)] : []),
  ]);
}
