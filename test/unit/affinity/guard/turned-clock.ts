import type { Clock } from '../../../../src/affinity/guard/clock.ts';

/** A clock that a test turns by hand. */
export class TurnedClock implements Clock {
  private time = 1_000_000;
  private timers: { due: number; period: number; action: () => void }[] = [];

  now(): number {
    return this.time;
  }

  every(period: number, action: () => void): () => void {
    const timer = { due: this.time + period, period, action };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  after(delay: number, action: () => void): () => void {
    const cancel = this.every(delay, () => {
      cancel();
      action();
    });
    return cancel;
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.timers.length;
  }

  /** Lets time pass, running what falls due. */
  turn(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const next = this.timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.time = next.due;
      next.due += next.period;
      next.action();
    }
    this.time = end;
  }
}
