import { messageOf } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import type { Root } from '../../linux/root.ts';
import type { Clock } from './clock.ts';
import { changesInWords, irqInWords } from './words.ts';
import type { ChangedMask } from './words.ts';
import { RepairBudget } from './repair-budget.ts';
import { saveMasks } from '../masks/saved-masks.ts';
import { MaskNotSet, setMask } from '../masks/set-mask.ts';
import { suspectClause } from '../suspects.ts';
import type { WantedVector } from './wanted.ts';

export interface MaskRepairOptions {
  readonly root: Root;
  readonly log: Log;
  readonly clock: Clock;
  /** Whose saved file gets the masks of vectors that are new. */
  readonly interfaceName: string;
  /** The vectors whose masks are saved already. */
  readonly saved: readonly WantedVector[];
  /** Called for each mask that was written. */
  readonly onRepaired?: (() => void) | undefined;
}

/** Writes changed masks again, within a budget, and says so. */
export class MaskRepair {
  readonly #options: MaskRepairOptions;

  readonly #budget = new RepairBudget();
  readonly #saved: Set<string>;

  constructor(options: MaskRepairOptions) {
    this.#options = options;
    this.#saved = new Set(options.saved.map(irqInWords));
  }

  /** A mask was found right. */
  foundRight(irq: number): void {
    this.#budget.foundRight(irq);
  }

  /** Somebody asks: what was given up on is tried again. */
  tryAgain(): void {
    this.#budget.tryAgain();
  }

  /** The vectors are others now: nothing that was tried before counts. */
  startOver(): void {
    this.#budget.reset();
  }

  /** Writes what may be written now; never throws. */
  repair(changes: readonly ChangedMask[]): void {
    const { root, log, clock } = this.#options;
    const now = clock.now();
    const due: ChangedMask[] = [];
    const lost: ChangedMask[] = [];
    for (const change of changes) {
      const decision = this.#budget.decide(change.vector.irq, now);
      if (decision === 'repair') due.push(change);
      if (decision === 'give-up') lost.push(change);
    }
    if (lost.length > 0) {
      log.warn(
        `giving up on interrupt affinity that was repaired 5 times in a minute: ${changesInWords(lost)}${suspectClause(root)}; ` +
          'it is tried again in a minute, then ever later, and at SIGHUP',
      );
    }
    if (due.length === 0) return;
    log.warn(`repairing interrupt affinity: ${changesInWords(due)}${suspectClause(root)}`);
    this.#saveNew(due);
    for (const { vector } of due) this.#write(vector);
  }

  /** So that `restore` knows the vectors that did not exist when the plan was written. */
  #saveNew(changes: readonly ChangedMask[]): void {
    const fresh = changes.filter(({ vector }) => !this.#saved.has(irqInWords(vector)));
    if (fresh.length === 0) return;
    for (const { vector } of fresh) this.#saved.add(irqInWords(vector));
    const { root, interfaceName, log } = this.#options;
    try {
      const masks = fresh.map(({ vector, found }) => ({ irq: vector.irq, name: vector.name, mask: found }));
      saveMasks(root, interfaceName, masks, log);
    } catch (error) {
      // Packets on the wrong core cost more than a mask that restore will not know.
      log.warn(`${messageOf(error)}; repairing all the same`);
    }
  }

  #write({ irq, cpu, mask }: WantedVector): void {
    const { root, log } = this.#options;
    log.info(`affinitizing irq ${irq} to cpu ${cpu} mask ${mask}`);
    try {
      setMask(root, irq, mask);
      this.#options.onRepaired?.();
    } catch (error) {
      const reason = error instanceof MaskNotSet ? error.reason : messageOf(error);
      log.warn(`cannot repair the affinity of irq ${irq}: ${reason}`);
    }
  }
}
