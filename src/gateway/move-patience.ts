import type { Gateway, NextHop } from './types.ts';

/**
 * How long the route tables must name a router of the other address family, or on another interface, before that is believed. A DHCP
 * client or a network manager that renews an address takes the default route away and puts it back within a second or two.
 */
export const MOVE_PATIENCE_MS = 3000;
/** And in so many looks in a row: after a pause of this process two looks say nothing of the time between them. */
const MOVE_LOOKS = 3;
/** While a move waits to be believed, the next look is that soon, whatever `-gateway_interval` says. */
export const MOVE_LOOK_MS = 1000;

type Place = Pick<NextHop, 'interface' | 'family'>;

/** What to make of a next hop that is not where the followed one is. */
export type Verdict = 'follow' | 'wait' | 'stay';

/**
 * Judges where the next hop is. katran transmits through `-intf`, whatever the routes say: a router on another interface than the
 * launch began with, or than `-intf`, is on another wire, and its MAC would lose every packet.
 */
export class MovePatience {
  readonly #intf: string;
  readonly #began: string;
  #candidate: { readonly name: string; readonly since: number; looks: number } | undefined;

  constructor(intf: string, began: Pick<Gateway, 'interface'>) {
    this.#intf = intf;
    this.#began = began.interface;
  }

  /** Takes what one look found, and where the gateway is that is followed. */
  judge(hop: NextHop, followed: Place): Verdict {
    if (samePlace(hop, followed) || this.#isHome(hop)) {
      this.#candidate = undefined;
      return 'follow';
    }
    const name = `${hop.address} on ${hop.interface}`;
    if (this.#candidate?.name !== name) this.#candidate = { name, since: performance.now(), looks: 0 };
    this.#candidate.looks += 1;
    const seenForMs = performance.now() - this.#candidate.since;
    if (this.#candidate.looks < MOVE_LOOKS || seenForMs < MOVE_PATIENCE_MS) return 'wait';
    if (hop.interface !== this.#began && hop.interface !== this.#intf) return 'stay';
    this.#candidate = undefined;
    return 'follow';
  }

  /** A look that found no next hop: whatever was waited for has not stayed. */
  forget(): void {
    this.#candidate = undefined;
  }

  /** IPv4 on `-intf` is what is looked for first; coming back to it is never put off. */
  #isHome(hop: Place): boolean {
    return hop.interface === this.#intf && hop.family === 4;
  }
}

function samePlace(one: Place, other: Place): boolean {
  return one.interface === other.interface && one.family === other.family;
}
