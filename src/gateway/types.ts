import type { Warning } from '../failure.ts';
import type { Root } from '../linux/root.ts';
import type { Tools } from '../tools/toolbox.ts';

/** Where the route to the gateway is looked for. */
export interface RouteOptions {
  readonly root: Root;
  /** `-intf`. */
  readonly intf: string;
  /** `-gateway`: an IPv4 or IPv6 address, the latter with `%device` if need be. */
  readonly gateway?: string | undefined;
  /** `-default_mac`: no discovery. */
  readonly mac?: string | undefined;
}

/** Where to look for the gateway; the same for resolving and watching. */
export interface GatewayOptions extends RouteOptions {
  /** `ip` has the neighbours of IPv6. */
  readonly tools: Tools;
}

export type Family = 4 | 6;

/** The router that packets go to, and the interface it is reached through: what the route tables say. */
export interface NextHop {
  /** Canonical address, without `%device`. */
  readonly address: string;
  readonly interface: string;
  readonly family: Family;
  /** Why this one, in words: `default route of eth0, metric 100`. */
  readonly reason: string;
  readonly warnings: readonly Warning[];
}

/** Why a look gave no MAC. `unusable`: the entry is complete, but no packet may be sent to what it holds. */
export type Trouble = 'no-route' | 'absent' | 'unusable' | 'unreadable';

/** What the neighbour table says of a next hop. */
export interface Neighbour {
  /** Canonical and usable, or null. */
  readonly mac: string | null;
  readonly trouble: Trouble | null;
  /** What was seen, in words: `an incomplete entry`, `no entry`, `02:00:00:00:00:01`. */
  readonly seen: string;
}

/** One look at the tables. */
export interface Sighting extends Neighbour {
  /** Null when there is no default route and no `-gateway`. */
  readonly hop: NextHop | null;
}

/** The gateway katran is told about. */
export interface Gateway {
  /** Null only with `-default_mac` on a host without a default route. */
  readonly address: string | null;
  /** Canonical. */
  readonly mac: string;
  readonly interface: string;
  readonly family: Family;
  /** Where address and interface are from, in words. */
  readonly reason: string;
  readonly warnings: readonly Warning[];
}
