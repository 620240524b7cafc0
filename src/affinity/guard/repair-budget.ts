const PER_IRQ_INTERVAL = 1_000;
const WINDOW = 60_000;
const TRIES_PER_WINDOW = 5;

export type RepairDecision = 'repair' | 'later' | 'give-up' | 'given-up';

/**
 * How often a mask may be written again: at most once a second, and five times in a minute, for each IRQ. Something that keeps
 * changing it back will not be beaten, only be fought over.
 */
export class RepairBudget {
  private readonly tries = new Map<number, readonly number[]>();
  private readonly givenUp = new Set<number>();

  /** What to do about a wrong mask at `now` (ms); counts a try when the answer is `repair`. `give-up` is said once. */
  decide(irq: number, now: number): RepairDecision {
    if (this.givenUp.has(irq)) return 'given-up';
    const recent = (this.tries.get(irq) ?? []).filter((time) => now - time < WINDOW);
    const last = recent.at(-1);
    if (last !== undefined && now - last < PER_IRQ_INTERVAL) return 'later';
    if (recent.length >= TRIES_PER_WINDOW) {
      this.givenUp.add(irq);
      return 'give-up';
    }
    this.tries.set(irq, [...recent, now]);
    return 'repair';
  }

  /** The mask was found right: an IRQ that was given up on may be repaired again, within the same budget. */
  foundRight(irq: number): void {
    this.givenUp.delete(irq);
  }

  /** Other vectors have taken over the numbers. */
  reset(): void {
    this.tries.clear();
    this.givenUp.clear();
  }
}
