import { messageOf } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { RateLimitedLog } from '../log/rate-limited-log.ts';
import { KernelView, TABLES_EVERY_MS } from './kernel-view.ts';
import type { KernelEvent, KernelEvents } from '../tools/ip-monitor.ts';
import { MacPusher, type PushMac } from './mac-pusher.ts';
import { MOVE_LOOK_MS, MovePatience } from './move-patience.ts';
import { Nap } from './nap.ts';
import { nameOfHop } from './next-hop.ts';
import { ASK_AGAIN_MS, ASK_SLACK_MS, Refresher } from './refresher.ts';
import type { Gateway, GatewayOptions, NextHop, Sighting, Trouble } from './types.ts';

export interface WatchOptions extends GatewayOptions {
  /** What resolveGateway gave and katran was told. */
  readonly current: Gateway;
  /** `-gateway_interval`: between two looks while the kernel does not tell what changes. */
  readonly intervalMs: number;
  /** changeMac and read back; throws when katran refuses, fails or lies. Aborted only by stop(). */
  readonly push: PushMac;
  readonly log: Log;
  /** What the kernel tells of itself; left out, or not live: it is asked every intervalMs. */
  readonly events?: KernelEvents | undefined;
  /** At least this long between two datagrams to the same next hop. */
  readonly refreshMs?: number | undefined;
}

export interface WatchState {
  /** The gateway with the last good MAC. */
  readonly gateway: Gateway;
  /** The MAC katran is known to have; null while a push keeps failing. */
  readonly told: string | null;
  /** Why the last look found no MAC, null when it did. */
  readonly trouble: Trouble | null;
  readonly checks: number;
  /** Pushes that succeeded. */
  readonly pushed: number;
  /** Failed pushes since the last that succeeded. */
  readonly failures: number;
  /** When the MAC was last seen, in ms since 1970; null with `-default_mac`, where nobody looks. */
  readonly seenAt: number | null;
}

export interface GatewayWatch {
  readonly state: WatchState;
  /** Looks now; settled when that look is done. A push that waits to be retried is retried now. */
  checkNow(): Promise<void>;
  /**
   * Puts right a MAC that another client has given katran. `read` is katran's getMac; what it rejects with is thrown, so that whoever
   * asks learns whether katran answers.
   */
  checkMac(read: () => Promise<string>): Promise<void>;
  /** Nothing is looked at, sent or pushed after this. */
  stop(): Promise<void>;
}

/** Where the kernel does not tell: how soon after a datagram for a missing MAC its answer is looked for. */
const ANSWER_MS = 50;
const TROUBLES_PER_MINUTE = 4;
/** How long a MAC must be missing, and in how many looks, until it is worth a warning: the first makes the kernel ask. */
const WARN_AFTER_MS = 1000;
const LOOKS_UNTIL_WARNING = 2;

/** The next hop that resolveGateway found; null only with `-default_mac`. */
function hopOf({ address, interface: device, family, reason, warnings }: Gateway): NextHop | null {
  return address === null ? null : { address, interface: device, family, reason, warnings };
}

class TableWatch implements GatewayWatch {
  readonly #options: WatchOptions;
  readonly #stopping = new AbortController();
  readonly #pause = new Nap();
  readonly #pusher: MacPusher;
  readonly #troubles: RateLimitedLog;
  readonly #moves: RateLimitedLog;
  readonly #refresher: Refresher;
  readonly #moving: MovePatience;
  readonly #kernel: KernelView;
  readonly #unsubscribe: () => void;
  readonly #running: Promise<void>;
  #waiting: (() => void)[] = [];
  /** The kernel told something since the last look began. */
  #news = false;
  /** A missing MAC is to be asked for now, whenever it was asked for last. */
  #urgent = false;
  #gateway: Gateway;
  /** The next hop that is followed; its MAC may still be unknown. */
  #hop: NextHop | null;
  #hopName: string;
  #trouble: Trouble | null = null;
  #warnedOf: string | null = null;
  #missed = { looks: 0, since: 0 };
  #checks = 0;
  /** It was resolved just now. */
  #seenAt = Date.now();

  constructor(options: WatchOptions) {
    const { current, log, push, events } = options;
    this.#options = options;
    this.#gateway = current;
    this.#hop = hopOf(current);
    this.#hopName = nameOfHop(current);
    this.#moving = new MovePatience(options.intf, current);
    this.#pusher = new MacPusher({ told: current.mac, push, log });
    this.#troubles = new RateLimitedLog(log, TROUBLES_PER_MINUTE, 'times the gateway went or came back');
    this.#moves = new RateLimitedLog(log, TROUBLES_PER_MINUTE, 'changes of the default route');
    this.#refresher = new Refresher(options);
    // It was resolved just now, with a datagram if need be.
    this.#refresher.wasAsked(this.#hopName);
    this.#kernel = new KernelView(options, events);
    this.#unsubscribe =
      events?.subscribe(['neighbour', 'route', 'link'], (told) => this.#hear(told)) ?? (() => undefined);
    this.#running = this.#run();
  }

  get state(): WatchState {
    const pusher = this.#pusher;
    return {
      gateway: this.#gateway,
      told: pusher.told,
      trouble: this.#trouble,
      checks: this.#checks,
      pushed: pusher.pushed,
      failures: pusher.failures,
      seenAt: this.#seenAt,
    };
  }

  checkNow(): Promise<void> {
    if (this.#isStopped()) return Promise.resolve();
    this.#pusher.hurry();
    this.#kernel.doubt();
    this.#urgent = true;
    const looked = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#pause.wake();
    return looked;
  }

  checkMac(read: () => Promise<string>): Promise<void> {
    return this.#pusher.check(read);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping.abort();
    this.#pause.wake();
    await Promise.all([this.#running, this.#pusher.stop()]);
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #hasNews(): boolean {
    return this.#news;
  }

  #hear(events: readonly KernelEvent[]): void {
    const seen = this.#trouble === null ? this.#gateway.mac : null;
    if (!this.#kernel.hear(events, this.#hop, seen)) return;
    // A link that has its carrier back may have another router on it.
    if (events.some(({ kind }) => kind === 'link')) this.#urgent = true;
    this.#news = true;
    this.#pause.wake();
  }

  async #run(): Promise<void> {
    await this.#pause.take(0);
    while (!this.#isStopped()) {
      const started = performance.now();
      const served = this.#waiting;
      this.#waiting = [];
      this.#news = false;
      const soonest = await this.#round();
      for (const done of served) done();
      if (this.#waiting.length > 0 || this.#hasNews() || this.#isStopped()) continue;
      const interval = Math.min(soonest, this.#kernel.isTold ? TABLES_EVERY_MS : this.#options.intervalMs);
      await this.#pause.take(Math.max(0, interval - (performance.now() - started)));
    }
    for (const done of this.#waiting) done();
  }

  /** One look and what follows from it. Gives how soon, in ms, the next look is wanted at the latest. Never throws. */
  async #round(): Promise<number> {
    this.#checks += 1;
    const urgent = this.#urgent;
    this.#urgent = false;
    const sighting = await this.#look(() => this.#kernel.look(this.#stopping.signal));
    if (this.#isStopped()) return 0;
    const { hop, mac } = sighting;
    if (hop === null) this.#moving.forget();
    else if (await this.#isElsewhere(hop)) return MOVE_LOOK_MS;
    if (hop !== null) this.#follow(hop);
    if (hop !== null && mac !== null) this.#found(hop, mac);
    else this.#miss(sighting);
    this.#settleLogs();
    if (hop === null) return ASK_AGAIN_MS;
    const isNew = urgent || this.#missed.looks === 1;
    const missing = sighting.trouble !== 'absent' ? undefined : isNew ? 'new' : 'still';
    const asked = await this.#refresher.ask(hop, missing);
    if (mac !== null) return Number.POSITIVE_INFINITY;
    return asked && !this.#kernel.isTold ? ANSWER_MS : ASK_AGAIN_MS;
  }

  /**
   * True while the routes lead to a router that is not to be followed, now or ever; katran keeps the MAC of the one that is, and
   * gets its new one when that changes.
   */
  async #isElsewhere(hop: NextHop): Promise<boolean> {
    const followed = this.#hop;
    const verdict = followed === null ? 'follow' : this.#moving.judge(hop, followed);
    if (followed === null || verdict === 'follow') return false;
    if (verdict === 'stay') this.#warnOfMove(hop);
    const kept = await this.#look(async () => ({
      hop: followed,
      ...(await this.#kernel.neighbour(followed, this.#stopping.signal)),
    }));
    if (this.#isStopped()) return true;
    this.#trouble = 'no-route';
    if (kept.mac !== null) {
      this.#keep(followed, kept.mac);
      this.#pusher.want(kept.mac);
    }
    this.#settleLogs();
    return true;
  }

  #warnOfMove(hop: NextHop): void {
    const name = nameOfHop(hop);
    if (this.#warnedOf === name) return;
    this.#warnedOf = name;
    const kept = this.#gateway.mac;
    this.#troubles.warn(
      `the default route is over ${name} now, but katran sends through ${this.#options.intf}: it keeps ${kept} of ${this.#hopName}; ` +
        `if another router of ${this.#options.intf} is right, restart with its address in -gateway`,
    );
  }

  async #look(action: () => Promise<Sighting>): Promise<Sighting> {
    try {
      return await action();
    } catch (error) {
      return { hop: null, mac: null, trouble: 'unreadable', seen: messageOf(error) };
    }
  }

  #follow(hop: NextHop): void {
    this.#hop = hop;
    const name = nameOfHop(hop);
    if (name === this.#hopName) return;
    // What was wrong with the other one is over.
    this.#warnedOf = null;
    this.#missed.looks = 0;
    const warnings = hop.warnings.map((warning) => `; ${warning.message}`).join('');
    const level = warnings === '' ? 'info' : 'warn';
    this.#moves[level](`the gateway is now ${name} (${hop.reason}), it was ${this.#hopName}${warnings}`);
    this.#hopName = name;
  }

  #found(hop: NextHop, mac: string): void {
    if (this.#warnedOf !== null) this.#troubles.info(`the gateway ${nameOfHop(hop)} is back: ${mac}`);
    this.#warnedOf = null;
    this.#missed.looks = 0;
    this.#trouble = null;
    this.#keep(hop, mac);
    this.#pusher.want(mac);
  }

  #keep(hop: NextHop, mac: string): void {
    this.#seenAt = Date.now();
    const { address, interface: device, mac: known } = this.#gateway;
    if (mac === known && hop.address === address && hop.interface === device) return;
    const { family, reason, warnings } = hop;
    this.#gateway = { address: hop.address, mac, interface: hop.interface, family, reason, warnings };
  }

  #miss({ trouble, seen }: Sighting): void {
    this.#trouble = trouble;
    if (this.#missed.looks === 0) this.#missed.since = performance.now();
    this.#missed.looks += 1;
    const isLong = performance.now() - this.#missed.since >= WARN_AFTER_MS - ASK_SLACK_MS;
    if (this.#missed.looks < LOOKS_UNTIL_WARNING || !isLong || this.#warnedOf === trouble) return;
    this.#warnedOf = trouble;
    const kept = this.#gateway.mac;
    this.#troubles.warn(
      `the MAC of the gateway ${this.#hopName} is not to be seen (${seen}); katran keeps ${kept}`,
    );
  }

  #settleLogs(): void {
    this.#pusher.settleLogs();
    this.#troubles.settle();
    this.#moves.settle();
  }
}

/** With `-default_mac` there is no gateway to watch, only that katran keeps that MAC. */
function fixedWatch({ current, push, log }: WatchOptions): GatewayWatch {
  const pusher = new MacPusher({ told: current.mac, push, log });
  return {
    get state(): WatchState {
      const { told, pushed, failures } = pusher;
      return { gateway: current, told, trouble: null, checks: 0, pushed, failures, seenAt: null };
    },
    checkNow: () => {
      pusher.hurry();
      return Promise.resolve();
    },
    checkMac: (read) => pusher.check(read),
    stop: () => pusher.stop(),
  };
}

/**
 * Watches the gateway while katran runs and keeps katran's MAC right. It looks when the kernel tells of a change and every 10 s;
 * where the kernel cannot be heard, every intervalMs. Never two looks at once. A MAC that changed is pushed until it is taken; one that
 * is missing leaves the last good one in place, with one warning, and is asked for every second. Another router on the same
 * interface is followed at once, one elsewhere never (move-patience.ts). Never throws.
 */
export function watchGateway(options: WatchOptions): GatewayWatch {
  return options.mac === undefined ? new TableWatch(options) : fixedWatch(options);
}
