import { keptCpu } from '../affinity/keep.ts';
import type { AffinityPlan, PlannedVector } from '../affinity/types.ts';
import type { Topology } from '../linux/cpu-topology.ts';
import type { Root } from '../linux/root.ts';
import { parseAffinityMask, readEffectiveAffinity } from '../linux/smp-affinity.ts';
import type { LiveVector } from './types.ts';

/** CPUs an interrupt goes to, as `-strategy keep` judges it: its mask if that is one CPU, else what the kernel made of it. */
function landsOn(root: Root, { irq, role, current }: PlannedVector, topology: Topology): readonly number[] {
  const online = new Set(topology.online);
  const asked = current !== null && role !== 'control' && keptCpu(current, null, online) === undefined;
  const kept = keptCpu(current, (asked ? readEffectiveAffinity(root, irq) : undefined) ?? null, online);
  if (kept !== undefined) return [kept];
  return (current === null ? [] : parseAffinityMask(current)).filter((cpu) => online.has(cpu));
}

/** The vectors of a plan with the CPUs that they go to now. Throws KernelFileError. */
export function liveVectors(root: Root, { vectors, topology }: AffinityPlan): LiveVector[] {
  return vectors.map((vector) => ({ ...vector, cpus: landsOn(root, vector, topology) }));
}
