import { readIpv6Routes, defaultIpv6Routes, type Ipv6Route } from '../linux/ipv6-route.ts';
import {
  defaultRoutes,
  readFirstRoutes,
  readTellingRoutes,
  RTF_GATEWAY,
  RTF_REJECT,
  RTF_UP,
  type Route,
} from '../linux/net-route.ts';
import type { Root } from '../linux/root.ts';
import { chooseNextHop, type CandidateRoute } from './next-hop.ts';
import type { RouteOptions, NextHop } from './types.ts';

/** Flags of include/uapi/linux/ipv6_route.h: addresses of this host. */
const RTF_ANYCAST = 0x0010_0000;
const RTF_LOCAL = 0x8000_0000;
/** How deep interfaces are stacked at most: a member, its bond, its bridge, and some to spare. */
const DEEPEST_STACK = 8;

function masterOf(root: Root, device: string): string | undefined {
  const link = root.realpath(`/sys/class/net/${device}/master`);
  if (link !== undefined) return link.slice(link.lastIndexOf('/') + 1);
  // A VLAN on top of a device is also an `upper_`, but no master: its routes are the VLAN's alone.
  return root
    .list(`/sys/class/net/${device}`)
    .filter((name) => name.startsWith('upper_'))
    .map((name) => name.slice('upper_'.length))
    .find((upper) => ['bonding', 'bridge'].some((kind) => root.exists(`/sys/class/net/${upper}/${kind}`)));
}

/** The interface and what it is enslaved to, innermost first (`eth0`, `bond0`, `br0`), from /sys/class/net/IF/master. */
export function withMasters(root: Root, intf: string): string[] {
  const stack = [intf];
  for (let device = masterOf(root, intf); device !== undefined; device = masterOf(root, device)) {
    if (stack.includes(device) || stack.length >= DEEPEST_STACK) break;
    stack.push(device);
  }
  return stack;
}

function bitsOf(mask: string): number {
  const ones = mask.split('.').map((byte) => Number(byte).toString(2).replaceAll('0', ''));
  return ones.join('').length;
}

const fromIpv4 = (route: Route): CandidateRoute => ({
  interface: route.interface,
  family: 4,
  destination: route.destination,
  prefixLength: bitsOf(route.mask),
  gateway: (route.flags & RTF_GATEWAY) === 0 ? null : route.gateway,
  metric: route.metric,
});

const fromIpv6 = (route: Ipv6Route): CandidateRoute => ({
  interface: route.interface,
  family: 6,
  destination: route.destination,
  prefixLength: route.prefix,
  gateway: (route.flags & RTF_GATEWAY) === 0 ? null : route.gateway,
  metric: route.metric,
});

const isOnLink = ({ flags }: { readonly flags: number }): boolean =>
  (flags & RTF_UP) !== 0 && (flags & (RTF_GATEWAY | RTF_REJECT | RTF_ANYCAST | RTF_LOCAL)) === 0;

/** The next hop by /proc/net/route and, where that has no default route, /proc/net/ipv6_route. Throws KernelFileError. */
export function readNextHop({ root, intf, gateway }: RouteOptions): NextHop | null {
  // Without -gateway only default routes matter, and of a long table they come first.
  const routes = gateway === undefined ? readFirstRoutes(root) : readTellingRoutes(root);
  const defaults = defaultRoutes(routes).map(fromIpv4);
  // Read only where it matters: on a router it can be long.
  const needsIpv6 = gateway === undefined ? defaults.length === 0 : gateway.includes(':');
  const ipv6Routes = needsIpv6 ? readIpv6Routes(root) : [];
  // The common case needs no look at what is enslaved to what.
  const own = gateway === undefined && defaults[0]?.interface === intf ? [intf] : withMasters(root, intf);
  return chooseNextHop({
    intf,
    own,
    gateway,
    defaults: [...defaults, ...defaultIpv6Routes(ipv6Routes).map(fromIpv6)],
    onLink: [...routes.filter(isOnLink).map(fromIpv4), ...ipv6Routes.filter(isOnLink).map(fromIpv6)],
  });
}
