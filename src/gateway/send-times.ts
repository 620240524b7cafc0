const REMEMBERED = 16;

/** When something was last sent to whom, so that nobody is sent to too often; of a bounded number of receivers. */
export class SendTimes {
  readonly #everyMs: number;

  readonly #last = new Map<string, number>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** True when nothing was sent to this receiver in the last everyMs (the usual time unless given); it then counts as sent to now. */
  isDue(receiver: string, everyMs = this.#everyMs): boolean {
    const now = performance.now();
    if (now - (this.#last.get(receiver) ?? -Infinity) < everyMs) return false;
    // Deleted first, so that the map stays in order of time and the oldest goes.
    this.#last.delete(receiver);
    this.#last.set(receiver, now);
    const [oldest] = this.#last.keys();
    if (this.#last.size > REMEMBERED && oldest !== undefined) this.#last.delete(oldest);
    return true;
  }
}
