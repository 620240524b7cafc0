import type { Gateway, NextHop } from './types.ts';

/**
 * How long the route tables must name a router elsewhere before it is followed. A DHCP client or a network manager that
 * renews an address takes the default route away and puts it back within a second or two; katran, told of the other
 * router in between, would lose every packet.
 */
export const MOVE_PATIENCE_MS = 3000;
/** And in so many looks in a row: after a pause of this process two looks say nothing of the time between them. */
export const MOVE_LOOKS = 3;
/** While a move waits to be believed, the next look is that soon, whatever `-gateway_interval` says. */
export const MOVE_LOOK_MS = 1000;

type Place = Pick<NextHop, 'interface' | 'family'>;

/** Decides when a next hop on another interface, or of the other address family, is followed. */
export class MovePatience {
  private candidate: { readonly name: string; readonly since: number; looks: number } | undefined;

  constructor(private readonly intf: string) {}

  /** Takes what one look found. True when the hop is to be followed now; false to keep the gateway that is followed. */
  follows(hop: NextHop, followed: Pick<Gateway, 'interface' | 'family'>): boolean {
    if (samePlace(hop, followed) || this.isHome(hop)) {
      this.candidate = undefined;
      return true;
    }
    const name = `${hop.address} on ${hop.interface}`;
    if (this.candidate?.name !== name) this.candidate = { name, since: performance.now(), looks: 0 };
    this.candidate.looks += 1;
    const seenForMs = performance.now() - this.candidate.since;
    if (this.candidate.looks < MOVE_LOOKS || seenForMs < MOVE_PATIENCE_MS) return false;
    this.candidate = undefined;
    return true;
  }

  /** A look that found no next hop: whatever was waited for has not stayed. */
  forget(): void {
    this.candidate = undefined;
  }

  /** IPv4 on `-intf` is what is looked for first; coming back to it is never put off. */
  private isHome(hop: Place): boolean {
    return hop.interface === this.intf && hop.family === 4;
  }
}

function samePlace(one: Place, other: Place): boolean {
  return one.interface === other.interface && one.family === other.family;
}
