import { messageOf } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { readCounters } from '../../linux/interrupt-counters.ts';
import type { InterruptCounters } from '../../linux/interrupt-counters.ts';
import type { Root } from '../../linux/root.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { cpusInWords, listed } from './words.ts';
import { interruptsTaken } from '../interrupt-rates.ts';
import type { AffinityPlan, Vector } from '../types.ts';

type VectorName = Pick<Vector, 'irq' | 'name'>;

export interface FallbackWatchOptions {
  /** Packets that used katran's fallback table so far (v1 of getLruFallbackStats). */
  readonly readFallback: () => Promise<bigint | number>;
  readonly root: Root;
  readonly plan: AffinityPlan;
  readonly log: Log;
  /** ms between readings. */
  readonly intervalMs?: number;
  readonly clock?: Clock;
  /** The NIC's vectors of now, when the guard knows better than the plan. */
  readonly vectors?: () => readonly VectorName[];
}

export interface FallbackWatch {
  /** A reading now, unless one is under way; resolves when it is done. Never rejects. */
  checkNow(): Promise<void>;
  stop(): void;
}

interface Reading {
  readonly time: number;
  readonly packets: bigint;
  /** What the NIC's vectors have counted on CPUs that are not forwarding cores; undefined when unknown. */
  readonly outside: InterruptCounters | undefined;
}

function perSecond(count: number, milliseconds: number): number {
  return Math.round((count * 1000) / Math.max(milliseconds, 1));
}

class FallbackWatcher implements FallbackWatch {
  readonly #options: FallbackWatchOptions;
  readonly #clock: Clock;
  readonly #forwarding: ReadonlySet<number>;

  #last: Reading | undefined;
  #underWay: Promise<void> | undefined;
  #unanswered = 0;
  #stopped = false;
  readonly #cancel: () => void;

  constructor(options: FallbackWatchOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#forwarding = new Set(options.plan.forwardingCores);
    void this.checkNow();
    this.#cancel = clock.every(options.intervalMs ?? 10_000, () => void this.checkNow());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  checkNow(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#underWay ??= this.#round().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #round(): Promise<void> {
    const { log, readFallback } = this.#options;
    let packets: bigint;
    try {
      packets = BigInt(await readFallback());
    } catch (error) {
      if (this.#isStopped()) return;
      const message = `cannot read katran's fallback table statistics: ${messageOf(error)}`;
      this.#unanswered += 1;
      // Not at the first time: a katran that is dying answers no more either, and its death is said by itself.
      if (this.#unanswered === 2) log.warn(`${message}; trying on`);
      else log.debug(message);
      return;
    }
    if (this.#isStopped()) return;
    this.#unanswered = 0;
    const now: Reading = { time: this.#clock.now(), packets, outside: this.#outside() };
    // A counter that went down belongs to another katran: it starts over.
    if (this.#last !== undefined && now.packets > this.#last.packets)
      log.warn(this.#describe(this.#last, now));
    this.#last = now;
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #vectors(): readonly VectorName[] {
    return this.#options.vectors?.() ?? this.#options.plan.vectors;
  }

  #outside(): InterruptCounters | undefined {
    const { root, log } = this.#options;
    try {
      const irqs = new Set(this.#vectors().map(({ irq }) => irq));
      return readCounters(root, irqs, (cpu) => !this.#forwarding.has(cpu));
    } catch (error) {
      log.debug(messageOf(error));
      return undefined;
    }
  }

  #describe(last: Reading, now: Reading): string {
    const milliseconds = now.time - last.time;
    const rate = perSecond(Number(now.packets - last.packets), milliseconds);
    const speed = rate === 0 ? 'less than 1 packet per second' : `${rate} packets per second`;
    return (
      `${speed} missed katran's connection tables and went to its small fallback table in the last ` +
      `${Math.round(milliseconds / 1000)} s: ${this.#culprits(last, now, milliseconds)}`
    );
  }

  #culprits(last: Reading, now: Reading, milliseconds: number): string {
    const { plan } = this.#options;
    const cores = cpusInWords(plan.forwardingCores);
    const outside = this.#takenOutside(last, now);
    const elsewhere = `packets arrive on other CPUs than the forwarding cores (${cores})`;
    if (plan.vectors.length === 0)
      return `${elsewhere}; the NIC's interrupts are unknown, because -forwarding_cores was given: look in /proc/interrupts where packets arrive`;
    if (outside === undefined) return elsewhere;
    if (outside.length === 0) {
      return (
        `no NIC interrupt was taken outside the forwarding cores (${cores}), so something passes packets on: ` +
        `look at rps_cpus below /sys/class/net/${plan.interface}/queues and at katran on other interfaces`
      );
    }
    const told = outside.map(([cpu, count]) => `cpu ${cpu} (${perSecond(count, milliseconds)} per second)`);
    return `NIC interrupts were taken by ${listed(told)}, not a forwarding core (${cores}); 'start-katran status' shows which`;
  }

  /** CPUs that are not forwarding cores and the NIC interrupts they took, the busiest first; undefined when unknown. */
  #takenOutside(last: Reading, now: Reading): [cpu: number, count: number][] | undefined {
    if (last.outside === undefined || now.outside === undefined) return undefined;
    return [...interruptsTaken(last.outside, now.outside, this.#vectors())].sort(
      ([, one], [, other]) => other - one,
    );
  }
}

/**
 * Watches katran's fallback table, every `intervalMs`: it grows when packets arrive on CPUs that are not in
 * -forwarding_cores, which costs connections and speed, and shows nowhere else.
 */
export function startFallbackWatch(options: FallbackWatchOptions): FallbackWatch {
  return new FallbackWatcher(options, options.clock ?? systemClock);
}
