const PER_IRQ_INTERVAL = 1_000;
const WINDOW = 60_000;
const TRIES_PER_WINDOW = 5;

/** How long a mask is left alone that was given up on: at first, and at most. */
export const FIRST_PAUSE = 60_000;
const LONGEST_PAUSE = 3_600_000;

export type RepairDecision = 'repair' | 'later' | 'give-up' | 'given-up';

interface GivenUp {
  readonly pause: number;
  readonly retryAt: number;
}

/**
 * How often a mask may be written again: at most once a second, and five times in a minute, for each IRQ. Something that keeps
 * changing it back will not be beaten, only be fought over: then one try after a minute, after two, four, … up to an hour.
 */
export class RepairBudget {
  readonly #tries = new Map<number, readonly number[]>();
  readonly #givenUp = new Map<number, GivenUp>();
  /** Those that were right since: when they are given up on again soon, the pause goes on doubling. */
  readonly #relieved = new Map<number, GivenUp>();

  /** What to do about a wrong mask at `now` (ms); counts a try when the answer is `repair`. `give-up` is said once. */
  decide(irq: number, now: number): RepairDecision {
    const recent = (this.#tries.get(irq) ?? []).filter((time) => now - time < WINDOW);
    const last = recent.at(-1);
    const tooSoon = last !== undefined && now - last < PER_IRQ_INTERVAL;
    const lost = this.#givenUp.get(irq);
    if (lost !== undefined) {
      if (now < lost.retryAt || tooSoon) return 'given-up';
      this.#givenUp.set(irq, doubled(lost, now));
    } else if (tooSoon) {
      return 'later';
    } else if (recent.length >= TRIES_PER_WINDOW) {
      const before = this.#relieved.get(irq);
      this.#relieved.delete(irq);
      const soonAgain = before !== undefined && now < before.retryAt + before.pause;
      this.#givenUp.set(
        irq,
        soonAgain ? doubled(before, now) : { pause: FIRST_PAUSE, retryAt: now + FIRST_PAUSE },
      );
      return 'give-up';
    }
    this.#tries.set(irq, [...recent, now]);
    return 'repair';
  }

  /** The mask was found right: an IRQ that was given up on may be repaired again, within the same budget. */
  foundRight(irq: number): void {
    const lost = this.#givenUp.get(irq);
    if (lost === undefined) return;
    this.#givenUp.delete(irq);
    this.#relieved.set(irq, lost);
  }

  /** Somebody asks: whatever was given up on may be tried now. */
  tryAgain(): void {
    for (const [irq, { pause }] of this.#givenUp)
      this.#givenUp.set(irq, { pause, retryAt: Number.NEGATIVE_INFINITY });
  }

  /** Other vectors have taken over the numbers. */
  reset(): void {
    this.#tries.clear();
    this.#givenUp.clear();
    this.#relieved.clear();
  }
}

function doubled({ pause }: GivenUp, now: number): GivenUp {
  const longer = Math.min(pause * 2, LONGEST_PAUSE);
  return { pause: longer, retryAt: now + longer };
}
