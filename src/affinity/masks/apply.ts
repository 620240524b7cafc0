import { Failure, messageOf } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { KernelFileError } from '../../linux/root.ts';
import type { Root } from '../../linux/root.ts';
import { readAffinity } from '../../linux/smp-affinity.ts';
import { readPresentMask } from './present-mask.ts';
import { saveMasks } from './saved-masks.ts';
import { MaskNotSet, sameMask, setMask } from './set-mask.ts';
import type { AffinityPlan, PlannedVector } from '../types.ts';

/** A vector that the plan puts on a CPU. */
export interface PinnedVector extends PlannedVector {
  readonly cpu: number;
  readonly mask: string;
}

export interface AppliedVector {
  readonly irq: number;
  readonly name: string;
  readonly cpu: number;
  readonly mask: string;
  /** What smp_affinity held before. */
  readonly previous: string;
}

export interface ApplyResult {
  /** In the order of writing. */
  readonly applied: readonly AppliedVector[];
  /** Where the masks found were saved; null when there was nothing to write. */
  readonly savedTo: string | null;
}

/** The vectors whose masks are the plan's to set: none with the strategy `keep`. */
export function pinnedVectors(plan: AffinityPlan): PinnedVector[] {
  if (plan.strategy === 'keep') return [];
  return plan.vectors.filter((vector): vector is PinnedVector => vector.cpu !== null && vector.mask !== null);
}

function withPreviousMask(root: Root, vector: PinnedVector): AppliedVector {
  const { irq, name, cpu, mask, current } = vector;
  return { irq, name, cpu, mask, previous: current ?? readPresentMask(root, vector) };
}

/** Puts one mask back unless it is there already; gives what went wrong, in words. */
function putBack(root: Root, { irq, name, previous }: AppliedVector): string | undefined {
  try {
    if (sameMask(readAffinity(root, irq), previous)) return undefined;
    setMask(root, irq, previous);
    return undefined;
  } catch (error) {
    const gone = (error instanceof KernelFileError || error instanceof MaskNotSet) && error.code === 'ENOENT';
    if (gone) return undefined;
    const reason = error instanceof MaskNotSet ? error.reason : messageOf(error);
    return `irq ${irq} (${name}) could not be put back to mask ${previous}: ${reason}`;
  }
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // A log that cannot be written must not keep masks from being put back.
  }
}

/** Puts back what was changed, the last first. Gives the end of the error message. */
function rollBack(
  root: Root,
  attempted: readonly AppliedVector[],
  log: Log,
): { complete: boolean; told: string } {
  const troubles: string[] = [];
  for (const vector of attempted.toReversed()) {
    quietly(() => log.debug(`putting irq ${vector.irq} back to mask ${vector.previous}`));
    const trouble = putBack(root, vector);
    if (trouble !== undefined) troubles.push(trouble);
  }
  if (troubles.length === 0) return { complete: true, told: 'all masks are as they were before' };
  return { complete: false, told: `the other masks are as they were before, but ${troubles.join('; ')}` };
}

function whatFailed(error: unknown, vector: AppliedVector | undefined): string {
  if (!(error instanceof MaskNotSet) || vector === undefined) return messageOf(error);
  return `cannot set irq ${vector.irq} (${vector.name}) to cpu ${vector.cpu} mask ${vector.mask}: ${error.reason}`;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/**
 * Writes the masks of a plan, all or none. The masks found are saved to /run/start-katran first; every write is logged
 * before it is made and read back after it; if one fails, those made are put back, the last first, and a Failure says
 * which IRQ it was and why.
 *
 * One synchronous pass: signal handlers run before it or after it, so a SIGTERM never leaves half a plan.
 */
export function applyPlan(root: Root, plan: AffinityPlan, { log }: { log: Log }): ApplyResult {
  const pinned = pinnedVectors(plan);
  if (pinned.length === 0) return { applied: [], savedTo: null };
  const vectors = pinned.map((vector) => withPreviousMask(root, vector));
  const saved = saveMasks(
    root,
    plan.interface,
    vectors.map(({ irq, name, previous }) => ({ irq, name, mask: previous })),
    log,
  );

  const attempted: AppliedVector[] = [];
  try {
    for (const vector of vectors) {
      log.info(`affinitizing irq ${vector.irq} to cpu ${vector.cpu} mask ${vector.mask}`);
      attempted.push(vector);
      setMask(root, vector.irq, vector.mask);
    }
  } catch (error) {
    const outcome = rollBack(root, attempted, log);
    if (outcome.complete) quietly(() => saved.undo());
    const remedy = outcome.complete
      ? undefined
      : `see to them, then run 'start-katran restore -intf ${plan.interface}'`;
    throw new Failure(`${whatFailed(error, attempted.at(-1))}; ${outcome.told}`, { remedy, cause: error });
  }
  const cpus = new Set(vectors.map(({ cpu }) => cpu)).size;
  log.info(`${counted(vectors.length, 'IRQ')} pinned to ${counted(cpus, 'CPU')}`);
  return { applied: vectors, savedTo: saved.file };
}
