import { messageOf } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { isThisMachine, sendDatagram } from './datagram.ts';
import { RateLimitedLog } from '../log/rate-limited-log.ts';
import { look } from './look.ts';
import type { KernelEvents } from '../tools/ip-monitor.ts';
import { MacPusher, type PushMac } from './mac-pusher.ts';
import { MOVE_LOOK_MS, MOVE_PATIENCE_MS, MovePatience } from './hold-down.ts';
import { Nap } from './nap.ts';
import { SendTimes } from './send-times.ts';
import type { Gateway, GatewayOptions, NextHop, Sighting, Trouble } from './types.ts';

export interface WatchOptions extends GatewayOptions {
  /** What resolveGateway gave and katran was told. */
  readonly current: Gateway;
  /** `-gateway_interval`. */
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
}

export interface GatewayWatch {
  readonly state: WatchState;
  /** Looks now; settled when that look is done. A push that waits to be retried is retried now. */
  checkNow(): Promise<void>;
  /** Nothing is looked at, sent or pushed after this. */
  stop(): Promise<void>;
}

const REFRESH_MS = 10_000;
/** After a datagram for a missing MAC: how soon its answer is looked for. */
const ANSWER_MS = 50;
const TROUBLES_PER_MINUTE = 4;
/** Looks without a MAC until it is worth a warning: the first makes the kernel ask, the second sees the answer. */
const LOOKS_UNTIL_WARNING = 2;

const nameOf = (hop: { address: string | null; interface: string }): string =>
  `${hop.address ?? 'gateway'} on ${hop.interface}`;

class TableWatch implements GatewayWatch {
  private readonly stopping = new AbortController();
  private readonly pause = new Nap();
  private readonly pusher: MacPusher;
  private readonly troubles: RateLimitedLog;
  private readonly moves: RateLimitedLog;
  private readonly sent: SendTimes;
  private readonly moving: MovePatience;
  private readonly running: Promise<void>;
  private waiting: (() => void)[] = [];
  private gateway: Gateway;
  private hopName: string;
  /** Where the last followed route went; its MAC may still be unknown. */
  private place: Pick<NextHop, 'interface' | 'family'>;
  private trouble: Trouble | null = null;
  private warnedOf: Trouble | null = null;
  private missedLooks = 0;
  private checks = 0;

  constructor(private readonly options: WatchOptions) {
    const { current, log, push, refreshMs = REFRESH_MS } = options;
    this.gateway = current;
    this.hopName = nameOf(current);
    this.place = current;
    this.moving = new MovePatience(options.intf);
    this.pusher = new MacPusher({ told: current.mac, push, log });
    this.troubles = new RateLimitedLog(log, TROUBLES_PER_MINUTE, 'times the gateway went or came back');
    this.moves = new RateLimitedLog(log, TROUBLES_PER_MINUTE, 'changes of the default route');
    this.sent = new SendTimes(refreshMs);
    // It was resolved just now, with a datagram if need be.
    this.sent.isDue(this.hopName);
    this.running = this.run();
  }

  get state(): WatchState {
    const { gateway, trouble, checks, pusher } = this;
    return { gateway, told: pusher.told, trouble, checks, pushed: pusher.pushed, failures: pusher.failures };
  }

  checkNow(): Promise<void> {
    if (this.isStopped()) return Promise.resolve();
    this.pusher.hurry();
    const looked = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.pause.wake();
    return looked;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.pause.wake();
    await Promise.all([this.running, this.pusher.stop()]);
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    await this.pause.take(0);
    while (!this.isStopped()) {
      const started = performance.now();
      const served = this.waiting;
      this.waiting = [];
      const soonest = await this.round();
      for (const done of served) done();
      if (this.waiting.length > 0 || this.isStopped()) continue;
      const interval = Math.min(soonest, this.options.intervalMs);
      await this.pause.take(Math.max(0, interval - (performance.now() - started)));
    }
    for (const done of this.waiting) done();
  }

  /** One look and what follows from it. Gives how soon, in ms, the next look is wanted at the latest. Never throws. */
  private async round(): Promise<number> {
    this.checks += 1;
    const sighting = await this.look();
    if (this.isStopped()) return 0;
    const { hop, mac } = sighting;
    if (hop === null) this.moving.forget();
    else if (!this.moving.follows(hop, this.place)) return this.putOff(hop);
    if (hop !== null) this.follow(hop);
    if (hop !== null && mac !== null) this.found(hop, mac);
    else this.missed(sighting);
    this.settleLogs();
    const asked = hop !== null && (await this.refresh(hop));
    return asked && mac === null ? ANSWER_MS : Number.POSITIVE_INFINITY;
  }

  /** The router elsewhere may be that of a moment: katran keeps its MAC, and the other one's is asked for meanwhile. */
  private async putOff(hop: NextHop): Promise<number> {
    const seen = `the default route is over ${nameOf(hop)} now, followed if it stays for ${MOVE_PATIENCE_MS} ms`;
    this.missed({ hop, mac: null, trouble: 'no-route', seen });
    this.settleLogs();
    await this.refresh(hop);
    return MOVE_LOOK_MS;
  }

  private async look(): Promise<Sighting> {
    try {
      return await look(this.options, this.stopping.signal);
    } catch (error) {
      return { hop: null, mac: null, trouble: 'unreadable', seen: messageOf(error) };
    }
  }

  private follow(hop: NextHop): void {
    this.place = hop;
    const name = nameOf(hop);
    if (name === this.hopName) return;
    // What was wrong with the other one is over.
    this.warnedOf = null;
    this.missedLooks = 0;
    const warnings = hop.warnings.map((warning) => `; ${warning.message}`).join('');
    const level = warnings === '' ? 'info' : 'warn';
    this.moves[level](`the gateway is now ${name} (${hop.reason}), it was ${this.hopName}${warnings}`);
    this.hopName = name;
  }

  private found(hop: NextHop, mac: string): void {
    if (this.warnedOf !== null) this.troubles.info(`the gateway ${nameOf(hop)} is back: ${mac}`);
    this.warnedOf = null;
    this.missedLooks = 0;
    this.trouble = null;
    if (
      mac !== this.gateway.mac ||
      hop.address !== this.gateway.address ||
      hop.interface !== this.gateway.interface
    ) {
      const { address, family, reason, warnings } = hop;
      this.gateway = { address, mac, interface: hop.interface, family, reason, warnings };
    }
    this.pusher.want(mac);
  }

  private missed({ trouble, seen }: Sighting): void {
    this.trouble = trouble;
    this.missedLooks += 1;
    if (this.missedLooks < LOOKS_UNTIL_WARNING || this.warnedOf === trouble) return;
    this.warnedOf = trouble;
    this.troubles.warn(
      `the MAC of the gateway ${this.hopName} is not to be seen (${seen}); katran keeps ${this.gateway.mac}`,
    );
  }

  /**
   * Makes the kernel ask the gateway again, so that a MAC that changed without a word is noticed: packets that XDP forwards
   * do not refresh the entry. True when a datagram went out.
   */
  private async refresh(hop: NextHop): Promise<boolean> {
    if (!this.sent.isDue(nameOf(hop))) return false;
    try {
      if (!isThisMachine(this.options.root, hop.family)) return false;
      const code = await sendDatagram(hop);
      if (code !== undefined) this.options.log.debug(`no datagram to ${nameOf(hop)}: ${code}`);
      return code === undefined;
    } catch (error) {
      this.options.log.debug(`no datagram to ${nameOf(hop)}: ${messageOf(error)}`);
      return false;
    }
  }

  private settleLogs(): void {
    this.pusher.settleLogs();
    this.troubles.settle();
    this.moves.settle();
  }
}

/** With `-default_mac` there is nothing to watch. */
function fixedWatch(gateway: Gateway): GatewayWatch {
  return {
    state: { gateway, told: gateway.mac, trouble: null, checks: 0, pushed: 0, failures: 0 },
    checkNow: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/**
 * Watches the gateway while katran runs and keeps katran's MAC right: every intervalMs a look at the route and neighbour
 * tables, never two at once; a MAC that changed is pushed until it is taken; one that cannot be seen leaves the last good
 * one in place, with one warning; another default route is followed, at once on the same interface and when it has stayed
 * for a while on another (move-patience.ts). Never throws.
 */
export function watchGateway(options: WatchOptions): GatewayWatch {
  return options.mac === undefined ? new TableWatch(options) : fixedWatch(options.current);
}
