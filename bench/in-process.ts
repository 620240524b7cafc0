import { makePlan } from '../src/affinity/plan.ts';
import { applyPlan } from '../src/affinity/masks/apply.ts';
import { readTopology } from '../src/linux/cpu-topology.ts';
import { readInterrupts } from '../src/linux/interrupts.ts';
import { openRoot } from '../src/linux/root.ts';
import type { Log } from '../src/log/log.ts';
import type { Ground, Size } from './ground.ts';
import { spreadOf, type Spread } from './spread.ts';

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Microseconds for each vector, in a process that is warm. */
export interface PerVector {
  /** Reading the machine and planning. */
  readonly plan: Spread;
  /** Writing the masks and reading them back. */
  readonly apply: Spread;
}

export function perVector(ground: Ground, size: Size, repetitions: number): PerVector {
  const root = openRoot(ground.machine(size));
  const plans: number[] = [];
  const applies: number[] = [];
  for (let i = 0; i < repetitions + 3; i += 1) {
    const begun = performance.now();
    const plan = makePlan({
      root,
      topology: readTopology(root),
      interrupts: readInterrupts(root),
      interfaceName: 'eth0',
      strategy: 'all-nodes',
      cpus: null,
      numaNode: 0,
      maxCpus: 65_535,
      smt: 'on',
      katranLimits: 'refuse',
      lruSize: 1_000_000,
      forwardingCores: null,
    });
    const planned = performance.now();
    applyPlan(root, plan, { log: silent });
    const applied = performance.now();
    if (i < 3) continue;
    plans.push(((planned - begun) * 1000) / size.vectors);
    applies.push(((applied - planned) * 1000) / size.vectors);
  }
  return { plan: spreadOf(plans), apply: spreadOf(applies) };
}
