import { formatAffinityMask } from '../../linux/smp-affinity.ts';
import type { AffinityPlan } from '../types.ts';

/** Where a vector belongs while katran runs. */
export interface WantedVector {
  readonly irq: number;
  readonly name: string;
  readonly cpu: number;
  /** What smp_affinity should hold; with `keep` it may hold more, as long as the interrupt is delivered there. */
  readonly mask: string;
}

/**
 * The masks a plan stands for, of queues that are in use; with `keep`, those of the CPUs where they were found. An IRQ that is there
 * twice (an INTx line that two members of a bond share) belongs where it was written last.
 */
export function wantedVectors(plan: AffinityPlan): WantedVector[] {
  const inUse = plan.vectors.flatMap(({ irq, name, cpu, mask, idle }) =>
    cpu === null || mask === null || idle ? [] : [{ irq, name, cpu, mask }],
  );
  const byIrq = new Map(inUse.map((vector) => [vector.irq, vector]));
  return [...byIrq.values()];
}

type VectorKey = Pick<WantedVector, 'irq' | 'name'>;
const keyOf = ({ irq, name }: VectorKey): string => `${irq} ${name}`;

/** What the guard keeps of a plan. */
export interface GuardedVectors {
  readonly wanted: readonly WantedVector[];
  /** Receive vectors of queues that are not in use. */
  readonly idle: readonly VectorKey[];
}

export function guardedVectors(plan: AffinityPlan): GuardedVectors {
  const idle = plan.vectors.filter((vector) => vector.idle);
  return {
    wanted: wantedVectors(plan),
    idle: idle.map(({ irq, name }) => ({ irq, name })),
  };
}

export interface ReplannedVectors extends GuardedVectors {
  readonly gone: readonly WantedVector[];
  /** Vectors that are still there, of queues that went out of use. */
  readonly outOfUse: readonly WantedVector[];
  readonly added: readonly WantedVector[];
  /** Vectors that were there before, of queues that came into use. */
  readonly intoUse: readonly WantedVector[];
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
  before: GuardedVectors,
  plan: AffinityPlan,
  coresGiven: readonly number[],
): ReplannedVectors {
  const online = new Set(plan.topology.online);
  const given = new Set(coresGiven);
  const usable = coresGiven.filter((cpu) => online.has(cpu));
  const known = new Map(before.wanted.map((vector) => [keyOf(vector), vector]));
  const keep = plan.strategy === 'keep';
  const stillOnline = (vector: VectorKey): WantedVector | undefined => {
    const old = known.get(keyOf(vector));
    return old !== undefined && online.has(old.cpu) ? old : undefined;
  };

  const needed = keep
    ? plan.vectors.flatMap((vector) =>
        vector.role === 'receive' && vector.cpu !== null && stillOnline(vector) === undefined
          ? [vector.cpu]
          : [],
      )
    : plan.forwardingCores;
  const missingCores = [...new Set(needed)].filter((cpu) => !given.has(cpu)).sort((a, b) => a - b);

  const { wanted: planned, idle } = guardedVectors(plan);
  const wanted = planned.map((vector): WantedVector => {
    if (keep) return stillOnline(vector) ?? vector;
    if (given.has(vector.cpu)) return vector;
    const substitute = usable[Math.max(missingCores.indexOf(vector.cpu), 0) % Math.max(usable.length, 1)];
    const old = stillOnline(vector);
    if (old !== undefined || substitute === undefined) return old ?? vector;
    return { ...vector, cpu: substitute, mask: formatAffinityMask([substitute], plan.topology.possibleCpus) };
  });

  const idleNow = new Set(idle.map(keyOf));
  const idleBefore = new Set(before.idle.map(keyOf));
  const now = new Set(wanted.map(keyOf));
  const left = before.wanted.filter((vector) => !now.has(keyOf(vector)));
  const fresh = wanted.filter((vector) => !known.has(keyOf(vector)));
  return {
    wanted,
    idle,
    gone: left.filter((vector) => !idleNow.has(keyOf(vector))),
    outOfUse: left.filter((vector) => idleNow.has(keyOf(vector))),
    added: fresh.filter((vector) => !idleBefore.has(keyOf(vector))),
    intoUse: fresh.filter((vector) => idleBefore.has(keyOf(vector))),
    moved: wanted.filter((vector) => {
      const old = known.get(keyOf(vector));
      return old !== undefined && old.cpu !== vector.cpu;
    }),
    missingCores,
  };
}
