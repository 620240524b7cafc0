import { makePlan } from './affinity/plan.ts';
import type { AffinityPlan } from './affinity/types.ts';
import { chooseInterface } from './choose-interface.ts';
import type { Options } from './cli/options.ts';
import { readTopology } from './linux/cpu-topology.ts';
import { readInterrupts } from './linux/interrupts.ts';
import type { Root } from './linux/root.ts';
import type { Log } from './log.ts';

/** The plan for what was typed on the machine below the root. Throws Failure when there can be none. */
export function planFor(options: Options, root: Root, log: Log): AffinityPlan {
  return planForInterface(options, root, chooseInterface(options, root, log));
}

/** The same for an interface that is known already: what the guard asks for when vectors have changed. */
export function planForInterface(options: Options, root: Root, interfaceName: string): AffinityPlan {
  return makePlan({
    root,
    topology: readTopology(root),
    interrupts: readInterrupts(root),
    interfaceName,
    strategy: options.strategy,
    cpus: options.cpus ?? null,
    numaNode: options.numa_node,
    maxCpus: options.max_cpus,
    lruSize: options.lru_size,
    forwardingCores: options.forwarding_cores ?? null,
  });
}
