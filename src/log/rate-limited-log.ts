import type { Log } from './log.ts';

const WINDOW_MS = 60_000;

/**
 * Log lines of one kind that something outside can cause any number of times: only the first few of each minute are
 * written, the others counted; when the minute is over the count is told, with the last of them.
 */
export class RateLimitedLog {
  readonly #log: Log;
  readonly #perMinute: number;
  readonly #about: string;
  #windowStart = -Infinity;
  #written = 0;
  #held = 0;
  #last = '';

  /** `about` is what the lines are about, for the count: `gateway MAC changes`. */
  constructor(log: Log, perMinute: number, about: string) {
    this.#log = log;
    this.#perMinute = perMinute;
    this.#about = about;
  }

  info(message: string): void {
    this.#write('info', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  /** Tells what was held back once its minute is over; to be called now and then. */
  settle(): void {
    if (performance.now() - this.#windowStart < WINDOW_MS) return;
    if (this.#held > 0)
      this.#log.warn(`${this.#held} more ${this.#about} were not logged, the last of them: ${this.#last}`);
    this.#held = 0;
    this.#written = 0;
  }

  #write(level: 'info' | 'warn', message: string): void {
    this.settle();
    if (this.#written === 0) this.#windowStart = performance.now();
    if (this.#written < this.#perMinute) {
      this.#written += 1;
      this.#log[level](message);
      return;
    }
    this.#held += 1;
    this.#last = message;
  }
}
