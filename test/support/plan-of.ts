import { makePlan, type PlanRequest } from '../../src/affinity/plan.ts';
import type { AffinityPlan } from '../../src/affinity/types.ts';
import { readTopology } from '../../src/linux/cpu-topology.ts';
import { readInterrupts } from '../../src/linux/interrupts.ts';
import { openRoot } from '../../src/linux/root.ts';

/** The planner's plan for eth0 of the machine below a directory; with the default flags, but for what is given. */
export function planOf(directory: string, changes: Partial<PlanRequest> = {}): AffinityPlan {
  const root = changes.root ?? openRoot(directory);
  return makePlan({
    root,
    topology: changes.topology ?? readTopology(root),
    interrupts: changes.interrupts ?? readInterrupts(root),
    interfaceName: 'eth0',
    strategy: 'all-nodes',
    cpus: null,
    numaNode: 0,
    smt: 'on',
    maxCpus: 128,
    lruSize: 1_000_000,
    katranLimits: 'refuse',
    forwardingCores: null,
    ...changes,
  });
}
