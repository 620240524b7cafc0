import { parseAffinityMask } from '../linux/smp-affinity.ts';
import { keptCpu } from './keep.ts';
import type { AffinityPlan, PlannedVector } from './types.ts';

/**
 * The vectors that are not where the plan wants them: smp_affinity (as read when the plan was made) is another set of CPUs
 * than the planned mask. `1`, `01` and `00000000,00000001` are the same. With `keep`: those that no longer stay on one CPU.
 * A planned vector whose mask could not be read differs.
 */
export function differingVectors(plan: AffinityPlan): PlannedVector[] {
  const online = new Set(plan.topology.online);
  return plan.vectors.filter((vector) => {
    if (vector.cpu === null) return false;
    if (vector.current === null) return true;
    if (plan.strategy === 'keep') return keptCpu(vector.current, vector.effective, online) !== vector.cpu;
    const cpus = parseAffinityMask(vector.current);
    return cpus.length !== 1 || cpus[0] !== vector.cpu;
  });
}
