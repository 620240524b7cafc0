import { formatAffinityMask } from '../linux/smp-affinity.ts';
import { pinnedVectors } from './apply.ts';
import type { AffinityPlan } from './types.ts';

/** Where a vector belongs while katran runs. */
export interface WantedVector {
  readonly irq: number;
  readonly name: string;
  readonly cpu: number;
  /** What smp_affinity should hold. */
  readonly mask: string;
}

/** The masks a plan stands for; with `keep`, those that were found. */
export function wantedVectors(plan: AffinityPlan): WantedVector[] {
  if (plan.strategy !== 'keep') {
    return pinnedVectors(plan).map(({ irq, name, cpu, mask }) => ({ irq, name, cpu, mask }));
  }
  return plan.vectors.flatMap(({ irq, name, cpu, mask, current }) => {
    const kept = current ?? mask;
    return cpu === null || kept === null ? [] : [{ irq, name, cpu, mask: kept }];
  });
}

const keyOf = ({ irq, name }: WantedVector): string => `${irq} ${name}`;

export interface ReplannedVectors {
  readonly wanted: readonly WantedVector[];
  readonly gone: readonly WantedVector[];
  readonly added: readonly WantedVector[];
  /** Vectors that were there before and belong elsewhere now (a CPU went offline, the queues are counted differently). */
  readonly moved: readonly WantedVector[];
  /** Forwarding cores of the new plan that katran was not started with, ascending. */
  readonly missingCores: readonly number[];
}

/**
 * What a new plan means for a katran that runs already: it keeps a connection table for the cores it was started with and no
 * others, so a vector that the plan puts on another core stays where it was, or goes to one of those cores, until a restart.
 * With `keep`, a vector that is still there belongs where it was, not where something has moved it meanwhile, and a new one
 * where it is.
 */
export function adoptPlan(
  before: readonly WantedVector[],
  plan: AffinityPlan,
  coresGiven: readonly number[],
): ReplannedVectors {
  const online = new Set(plan.topology.online);
  const given = new Set(coresGiven);
  const usable = coresGiven.filter((cpu) => online.has(cpu));
  const missingCores = plan.forwardingCores.filter((cpu) => !given.has(cpu)).sort((a, b) => a - b);
  const known = new Map(before.map((vector) => [keyOf(vector), vector]));

  const wanted = wantedVectors(plan).map((vector): WantedVector => {
    const old = known.get(keyOf(vector));
    if (old !== undefined && online.has(old.cpu) && (plan.strategy === 'keep' || !given.has(vector.cpu)))
      return old;
    const position = missingCores.indexOf(vector.cpu);
    const substitute = position < 0 ? undefined : usable[position % Math.max(usable.length, 1)];
    if (substitute === undefined) return vector;
    return { ...vector, cpu: substitute, mask: formatAffinityMask([substitute], plan.topology.possibleCpus) };
  });

  const now = new Set(wanted.map(keyOf));
  return {
    wanted,
    gone: before.filter((vector) => !now.has(keyOf(vector))),
    added: wanted.filter((vector) => !known.has(keyOf(vector))),
    moved: wanted.filter((vector) => {
      const old = known.get(keyOf(vector));
      return old !== undefined && old.cpu !== vector.cpu;
    }),
    missingCores,
  };
}
