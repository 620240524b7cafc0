import type { Warning } from '../failure.ts';
import { canonicalIpv6, isInSubnet, isIpv4, isIpv6 } from '../linux/ip-address.ts';
import type { Family, NextHop } from './types.ts';

/** What messages call a next hop. */
export const nameOfHop = (hop: { readonly address: string | null; readonly interface: string }): string =>
  `${hop.address ?? 'gateway'} on ${hop.interface}`;

/** A route of either family, as far as choosing a next hop needs it. */
export interface CandidateRoute {
  readonly interface: string;
  readonly family: Family;
  /** Canonical. */
  readonly destination: string;
  /** Bits of the destination that count. */
  readonly prefixLength: number;
  /** Canonical, or null when the destination is on the link itself. */
  readonly gateway: string | null;
  readonly metric: number;
}

export interface NextHopQuestion {
  /** `-intf`. */
  readonly intf: string;
  /** `-intf` and what it is enslaved to (its bond, that one's bridge): their routes are its own. */
  readonly own: readonly string[];
  /** `-gateway`. */
  readonly gateway?: string | undefined;
  /** Usable default routes, IPv4 before IPv6, each family lowest metric first. */
  readonly defaults: readonly CandidateRoute[];
  /** Usable routes whose destination is on the link, of both families. */
  readonly onLink: readonly CandidateRoute[];
}

interface ParsedAddress {
  readonly address: string;
  readonly device: string | undefined;
  readonly family: Family;
}

/** An address in canonical text, with the device of `fe80::1%eth0`; undefined when it is no IP address. */
export function parseAddress(text: string): ParsedAddress | undefined {
  const [bare = '', device] = text.split('%', 2);
  if (isIpv4(text)) return { address: text, device: undefined, family: 4 };
  if (!isIpv6(bare) || (device !== undefined && !/^[^/\s%]+$/.test(device))) return undefined;
  return { address: canonicalIpv6(bare), device, family: 6 };
}

/** What is wrong with the text of `-gateway`, as the end of a sentence, or undefined. */
export function gatewayProblem(text: string): string | undefined {
  const parsed = parseAddress(text);
  if (parsed === undefined) return 'is not an IPv4 or IPv6 address';
  const { address, family } = parsed;
  if (address === '0.0.0.0' || address === '::') return 'is the unspecified address';
  const group = family === 6 ? address.startsWith('ff') : Number.parseInt(address, 10) >= 224;
  return group ? 'is not the address of one machine' : undefined;
}

/** True for IPv6 addresses that mean nothing without a device: fe80::/10. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

function covers(route: CandidateRoute, address: string): boolean {
  return isInSubnet(address, route.destination, route.prefixLength);
}

const inWords = (route: CandidateRoute): string =>
  `${route.family === 6 ? 'IPv6 ' : ''}default route of ${route.interface}, metric ${route.metric}`;

function byDefaultRoute({ intf, own, defaults }: NextHopQuestion): NextHop | null {
  // A host with any IPv4 default route is asked by that one; only IPv6-only hosts by IPv6.
  const family = defaults[0]?.family;
  const usable = defaults.filter((route) => route.family === family);
  const ownRoute = usable.find((route) => own.includes(route.interface));
  const route = ownRoute ?? usable[0];
  if (route === undefined || route.gateway === null) return null;
  const warnings: Warning[] = [];
  if (ownRoute === undefined) {
    const message = `${intf} has no default route; using the one of ${route.interface}, through ${route.gateway}: packets that katran forwards leave through ${intf}, so check that this router is reached there, or give -gateway`;
    warnings.push({ code: 'gateway-elsewhere', message });
  }
  const { interface: device, gateway: address } = route;
  return { address, interface: device, family: route.family, reason: inWords(route), warnings };
}

/** As the kernel chooses: longest prefix, then lowest metric; among equals -intf's own, then the first listed. */
function onLinkRouteTo(
  address: string,
  family: Family,
  question: NextHopQuestion,
): CandidateRoute | undefined {
  const covering = question.onLink.filter((route) => route.family === family && covers(route, address));
  const foreign = (route: CandidateRoute): number => (question.own.includes(route.interface) ? 0 : 1);
  return covering.sort(
    (a, b) => b.prefixLength - a.prefixLength || a.metric - b.metric || foreign(a) - foreign(b),
  )[0];
}

function byAddress(text: string, question: NextHopQuestion): NextHop | null {
  const parsed = parseAddress(text);
  if (parsed === undefined) return null;
  const { address, device, family } = parsed;
  const { intf, own } = question;
  if (device !== undefined) {
    return { address, interface: device, family, reason: `-gateway ${text}`, warnings: [] };
  }
  if (family === 6 && isLinkLocal(address)) {
    // Every interface has fe80::/64. The neighbour is known on the device the addresses are on: the outermost master.
    const outermost = own.at(-1) ?? intf;
    return { address, interface: outermost, family, reason: `-gateway, on ${outermost}`, warnings: [] };
  }
  const route = onLinkRouteTo(address, family, question);
  if (route !== undefined) {
    const reason = `-gateway, on the network ${route.destination}/${route.prefixLength} of ${route.interface}`;
    return { address, interface: route.interface, family, reason, warnings: [] };
  }
  const message = `no network of this host holds -gateway ${address}; looking for it on ${intf}`;
  return {
    address,
    interface: intf,
    family,
    reason: `-gateway, taken to be on ${intf}`,
    warnings: [{ code: 'gateway-not-on-link', message }],
  };
}

/**
 * The router katran's packets go to, or null when there is no default route. Pure: with `-gateway` that address, on the device
 * whose on-link route holds it; else the default route of -intf or its masters, else the best one elsewhere, with a
 * warning `gateway-elsewhere` that names the interface.
 */
export function chooseNextHop(question: NextHopQuestion): NextHop | null {
  return question.gateway === undefined ? byDefaultRoute(question) : byAddress(question.gateway, question);
}
