import { messageOf } from '../failure.ts';
import { hasCarrier } from '../linux/operstate.ts';
import type { Root } from '../linux/root.ts';
import type { Log } from '../log/log.ts';
import { isThisMachine, sendDatagram } from './datagram.ts';
import { nameOfHop } from './next-hop.ts';
import { SendTimes } from './send-times.ts';
import type { NextHop } from './types.ts';

const REFRESH_MS = 10_000;
/** A missing MAC is asked for, and looked for, that often. */
export const ASK_AGAIN_MS = 1000;
/** A timer that comes a moment early must not put the next question off by a whole second. */
export const ASK_SLACK_MS = 100;
/** Of one that went missing just now, or when somebody asks to look, no sooner than that. */
const ASK_AT_ONCE_MS = 50;

export interface RefresherOptions {
  readonly root: Root;
  readonly log: Log;
  /** At least this long between two datagrams to the same next hop whose MAC is there. */
  readonly refreshMs?: number | undefined;
}

/**
 * Makes the kernel ask the gateway again, by a datagram, so that a MAC that changed without a word is noticed: packets that XDP forwards
 * do not refresh the entry.
 */
export class Refresher {
  readonly #options: RefresherOptions;
  readonly #refreshMs: number;
  readonly #sent: SendTimes;

  constructor(options: RefresherOptions) {
    this.#options = options;
    this.#refreshMs = options.refreshMs ?? REFRESH_MS;
    this.#sent = new SendTimes(this.#refreshMs);
  }

  /** Somebody has asked it now. */
  wasAsked(hopName: string): void {
    this.#sent.isDue(hopName);
  }

  /** `missing` is when its MAC is not there: `new` for the first time, or where somebody wants to know. True when a datagram went out. */
  async ask(hop: NextHop, missing: 'new' | 'still' | undefined): Promise<boolean> {
    const { root, log } = this.#options;
    // A question that nobody can hear would keep the kernel from asking again for a second after the carrier is back.
    if (missing !== undefined && !hasCarrier(root, hop.interface)) return false;
    if (!this.#sent.isDue(nameOfHop(hop), this.#everyMs(missing))) return false;
    try {
      if (!isThisMachine(root, hop.family)) return false;
      const code = await sendDatagram(hop);
      if (code !== undefined) log.debug(`no datagram to ${nameOfHop(hop)}: ${code}`);
      return code === undefined;
    } catch (error) {
      log.debug(`no datagram to ${nameOfHop(hop)}: ${messageOf(error)}`);
      return false;
    }
  }

  #everyMs(missing: 'new' | 'still' | undefined): number {
    if (missing === undefined) return this.#refreshMs;
    return missing === 'new' ? ASK_AT_ONCE_MS : Math.min(ASK_AGAIN_MS - ASK_SLACK_MS, this.#refreshMs);
  }
}
