import { vectorsOfHost } from '../affinity/guard/guard.ts';
import type { AffinityPlan, PlannedVector } from '../affinity/types.ts';
import { messageOf } from '../failure.ts';
import type { Traffic } from '../katran/services/traffic.ts';
import { replaceFile } from '../linux/atomic-file.ts';
import { readCounters } from '../linux/interrupt-counters.ts';
import type { Root } from '../linux/root.ts';
import type { Log } from '../log/log.ts';
import { exposition, type Sample } from './exposition.ts';
import { interruptSamples, single, tallySamples, trafficSamples } from './samples.ts';
import type { Tally } from './tally.ts';

const EVERY_MS = 10_000;
/** For all of katran's counters, of which there may be hundreds. One that hangs does not stop the next file. */
const DEADLINE_MS = 5_000;
/** node_exporter runs as another user. */
const MODE = 0o644;
/** node_exporter reads no other. */
const SUFFIX = '.prom';

/** A katran that is up, as its metrics see it. */
export interface Followed {
  readonly pid: number;
  /** What katran has counted; throws where it does not answer. */
  traffic(deadlineMs: number): Promise<Traffic>;
  /** When the gateway's MAC was last seen, in ms since 1970; null where nobody looks. */
  gatewaySeenAt(): number | null;
  /** Masks that are not as planned; undefined where nobody looks. */
  differences(): number | undefined;
  /** Whether katran's program is where packets reach it; undefined where that cannot be seen. */
  forwarding(): boolean | undefined;
}

export interface MetricsOptions {
  /** `-metrics_file`. */
  readonly file: string;
  readonly interfaceName: string;
  readonly root: Root;
  readonly tally: Tally;
  readonly log: Log;
  /** The plan as it would be made now: which vector serves which queue. May throw. */
  readonly replan: () => AffinityPlan;
}

/** Following a katran ends with stop(). */
export interface Following {
  /** Writes the file now; settled when that is done. Never rejects. */
  checkNow(): Promise<void>;
  /** From now on katran is down, unless another one is followed. */
  stop(): void;
}

/** Writes the file of `-metrics_file` every 10 s, whatever katran does. Nothing in here ever throws: katran is not stopped for its metrics. */
export class MetricsFile {
  readonly #options: MetricsOptions;
  readonly #timer: NodeJS.Timeout;
  #followed: Followed | undefined;
  #round: Promise<void> = Promise.resolve();
  #waiting = false;
  #closed = false;
  #trouble = '';
  #vectorsFor: string | undefined;
  #vectors: readonly PlannedVector[] = [];

  constructor(options: MetricsOptions) {
    this.#options = options;
    const { file, log } = options;
    if (!file.endsWith(SUFFIX))
      log.warn(
        `node_exporter reads only files that end in ${SUFFIX}, and -metrics_file is ${file}: name it ${file}${SUFFIX}`,
      );
    this.#timer = setInterval(() => void this.checkNow(), EVERY_MS);
    this.#timer.unref();
    void this.checkNow();
  }

  follow(followed: Followed): Following {
    this.#followed = followed;
    void this.checkNow();
    return {
      checkNow: () => this.checkNow(),
      stop: () => {
        if (this.#followed !== followed) return;
        this.#followed = undefined;
        void this.checkNow();
      },
    };
  }

  /** Writes the file now, after one that is being written; settled when that is done. */
  checkNow(): Promise<void> {
    if (this.#waiting || this.#closed) return this.#round;
    this.#waiting = true;
    this.#round = this.#round.then(async () => {
      this.#waiting = false;
      const samples = await this.#now();
      if (!this.#closed) this.#write(samples);
    });
    return this.#round;
  }

  /** The last file: katran is down, and nobody counts any more. One that is being made is not written after it. */
  close(): void {
    if (this.#closed) return;
    clearInterval(this.#timer);
    this.#closed = true;
    this.#write([...single('up', 0), ...tallySamples(this.#options.tally)]);
  }

  async #now(): Promise<Sample[]> {
    const followed = this.#followed;
    const traffic = await this.#trafficOf(followed);
    // It may have died or been followed by another one meanwhile.
    const still = followed !== undefined && this.#followed === followed ? followed : undefined;
    const seenAt = still?.gatewaySeenAt() ?? null;
    return [
      ...single('up', still !== undefined && traffic !== undefined),
      ...single('pid', still?.pid),
      ...single('forwarding', still?.forwarding()),
      ...single('gateway_last_seen_seconds', seenAt === null ? null : seenAt / 1000),
      ...single('plan_differences', still?.differences()),
      ...tallySamples(this.#options.tally),
      ...(still === undefined || traffic === undefined ? [] : trafficSamples(traffic)),
      ...this.#interrupts(),
    ];
  }

  async #trafficOf(followed: Followed | undefined): Promise<Traffic | undefined> {
    try {
      return await followed?.traffic(DEADLINE_MS);
    } catch (error) {
      this.#options.log.debug(`katran does not tell its counters: ${messageOf(error)}`);
      return undefined;
    }
  }

  #interrupts(): Sample[] {
    const { root, replan, log } = this.#options;
    try {
      const host = vectorsOfHost(root);
      if (host !== this.#vectorsFor) {
        this.#vectors = replan().vectors;
        this.#vectorsFor = host;
      }
      const irqs = new Set(this.#vectors.map(({ irq }) => irq));
      return interruptSamples(readCounters(root, irqs), this.#vectors);
    } catch (error) {
      log.debug(`no interrupts in ${this.#options.file}: ${messageOf(error)}`);
      return [];
    }
  }

  #write(samples: readonly Sample[]): void {
    const { file, interfaceName, log } = this.#options;
    try {
      // The thread that writes also follows the gateway: it does not wait for a disk, and after a power failure these numbers are worth nothing.
      replaceFile(file, exposition(samples, interfaceName), MODE, { outlivesPowerFailure: false });
      if (this.#trouble !== '') log.info(`the metrics can be written to ${file} again`);
      this.#trouble = '';
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== this.#trouble) log.warn(`no metrics: ${trouble}`);
      this.#trouble = trouble;
    }
  }
}
