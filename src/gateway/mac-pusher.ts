import { messageOf } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { RateLimitedLog } from '../log/rate-limited-log.ts';
import { isUsableGatewayMac, parseMac } from '../linux/mac.ts';
import { Nap } from './nap.ts';

/** Makes katran use a MAC and reads it back; throws when that was refused, failed or did not read back. */
export type PushMac = (mac: string, signal: AbortSignal) => Promise<void>;

export interface MacPusherOptions {
  /** The MAC katran has. */
  readonly told: string | null;
  readonly push: PushMac;
  readonly log: Log;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5000;
const CHANGES_PER_MINUTE = 10;
const FAILURES_PER_MINUTE = 3;

/** Keeps katran's MAC equal to the wanted one: one push at a time, always of the latest, again until it succeeds. */
export class MacPusher {
  readonly #options: MacPusherOptions;

  readonly #stopping = new AbortController();
  readonly #pause = new Nap();
  readonly #changes: RateLimitedLog;
  readonly #refusals: RateLimitedLog;
  #wanted: string | null;
  #confirmed: string | null;
  /** The MAC last told, for the log, also while katran's own is uncertain after a failure. */
  #previous: string | null;
  #running: Promise<void> | undefined;
  /** What katran was found to have in the place of what it was told, until that is put right. */
  #usurper: string | undefined;
  /** Failed pushes since the last one that succeeded. */
  failures = 0;
  /** Pushes that succeeded. */
  pushed = 0;

  constructor(options: MacPusherOptions) {
    this.#options = options;
    this.#wanted = options.told;
    this.#confirmed = options.told;
    this.#previous = options.told;
    this.#changes = new RateLimitedLog(options.log, CHANGES_PER_MINUTE, 'changes of the gateway MAC');
    this.#refusals = new RateLimitedLog(
      options.log,
      FAILURES_PER_MINUTE,
      'failed attempts to tell katran a MAC',
    );
  }

  /** The MAC katran is known to have; null while a push has failed and none has succeeded since. */
  get told(): string | null {
    return this.#confirmed;
  }

  /** From now on katran should have this MAC. An unusable one is ignored: it would black-hole all traffic. */
  want(mac: string): void {
    if (!isUsableGatewayMac(mac) || this.#isStopped()) return;
    if (mac !== this.#wanted) {
      this.#wanted = mac;
      this.#pause.wake();
    }
    if (this.#running === undefined && this.#wanted !== this.#confirmed) {
      this.#running = this.#run();
    }
  }

  /**
   * Katran has the MAC it was told, or is told it again: another client may have changed it. `read` asks katran; what it rejects with is
   * thrown. Nothing is asked while a push is under way, and an answer of before a push is not believed.
   */
  async check(read: () => Promise<string>): Promise<void> {
    const { pushed } = this;
    const text = await read();
    if (this.#isStopped() || this.#running !== undefined || this.pushed !== pushed) return;
    const told = this.#confirmed;
    if (told === null || parseMac(text) === told) return;
    this.#usurper = parseMac(text) ?? JSON.stringify(text);
    this.#confirmed = null;
    this.#running = this.#run();
  }

  /** Ends a pause between attempts. */
  hurry(): void {
    this.#pause.wake();
  }

  /** To be called now and then, so that held back log lines are counted. */
  settleLogs(): void {
    this.#changes.settle();
    this.#refusals.settle();
  }

  /** No push is made or under way after this. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause.wake();
    await this.#running;
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    let backoff = FIRST_BACKOFF_MS;
    while (!this.#isStopped() && this.#wanted !== null && this.#wanted !== this.#confirmed) {
      const mac = this.#wanted;
      if (await this.#attempt(mac)) {
        backoff = FIRST_BACKOFF_MS;
        continue;
      }
      // A new target is tried at once: it may be one that katran takes.
      if (this.#isStopped() || this.#wanted !== mac) continue;
      await this.#pause.take(backoff);
      backoff = this.#wanted === mac ? Math.min(backoff * 2, LONGEST_BACKOFF_MS) : FIRST_BACKOFF_MS;
    }
    // Here and not when the promise settles: a want() in between would be missed.
    this.#running = undefined;
  }

  async #attempt(mac: string): Promise<boolean> {
    try {
      await this.#options.push(mac, this.#stopping.signal);
    } catch (error) {
      // Whether katran has taken it is unknown: even the old MAC would have to be pushed again.
      this.#confirmed = null;
      if (!this.#isStopped()) this.#report(mac, error);
      return false;
    }
    const tries = this.failures === 0 ? '' : ` at attempt ${this.failures + 1}`;
    const from = this.#previous === null || this.#previous === mac ? '' : ` from ${this.#previous}`;
    this.#confirmed = mac;
    this.#previous = mac;
    this.failures = 0;
    this.pushed += 1;
    const usurper = this.#usurper;
    this.#usurper = undefined;
    if (usurper !== undefined) {
      this.#changes.warn(
        `katran had MAC ${usurper}, which another client must have given it; told it ${mac}${tries}`,
      );
      return true;
    }
    this.#changes.info(
      from === ''
        ? `gateway MAC is ${mac}; told katran${tries}`
        : `gateway MAC changed${from} to ${mac}; told katran${tries}`,
    );
    return true;
  }

  #report(mac: string, error: unknown): void {
    this.failures += 1;
    this.#refusals.warn(`cannot tell katran the gateway's MAC ${mac}: ${messageOf(error)}; trying again`);
  }
}
