import { malformed } from './malformed.ts';
import { RTF_GATEWAY, RTF_REJECT, RTF_UP } from './net-route.ts';
import type { Root } from './root.ts';

/** One IPv6 route. Addresses are canonical text (RFC 5952): `2001:db8::1`. */
export interface Ipv6Route {
  readonly interface: string;
  readonly destination: string;
  /** Prefix length, 0 to 128. */
  readonly prefix: number;
  /** `::` when the destination is on the link. */
  readonly gateway: string;
  readonly flags: number;
  readonly metric: number;
}

/**
 * Canonical text of 32 hexadecimal digits: lower case, no leading zeros, the longest run of two or more zero groups
 * (of equal ones the first) as `::`.
 */
export function ipv6OfHex(hex: string): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number.parseInt(hex.slice(i * 4, i * 4 + 4), 16).toString(16),
  );
  let best = { start: 0, length: 1 };
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== '0') start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

const ROUTE =
  /^([0-9a-f]{32})\s+([0-9a-f]{2})\s+[0-9a-f]{32}\s+[0-9a-f]{2}\s+([0-9a-f]{32})\s+([0-9a-f]{8})\s+[0-9a-f]{8}\s+[0-9a-f]{8}\s+([0-9a-f]{8})\s+(\S+)\s*$/i;

/**
 * The text of /proc/net/ipv6_route (ipv6_route_native_seq_show in net/ipv6/ip6_fib.c): destination, prefix, source,
 * prefix, next hop, metric, references, use, flags, all in hexadecimal, and the interface; no header.
 * Throws KernelFileError that names the line.
 */
export function parseIpv6Routes(text: string, path = '/proc/net/ipv6_route'): Ipv6Route[] {
  const routes: Ipv6Route[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const [, destination, prefix, gateway, metric, flags, name] = ROUTE.exec(line.trim()) ?? [];
    const prefixLength = Number.parseInt(prefix ?? '', 16);
    if (
      destination === undefined ||
      gateway === undefined ||
      metric === undefined ||
      flags === undefined ||
      name === undefined ||
      prefixLength > 128
    ) {
      throw malformed(
        path,
        index + 1,
        'an IPv6 route (addresses, metric and flags in hexadecimal, interface)',
        line,
      );
    }
    routes.push({
      interface: name,
      destination: ipv6OfHex(destination),
      prefix: prefixLength,
      gateway: ipv6OfHex(gateway),
      flags: Number.parseInt(flags, 16),
      metric: Number.parseInt(metric, 16),
    });
  });
  return routes;
}

/** A text up to that long is read line by line. */
const LONG_TABLE = 16 * 1024;

/** Of a long table the lines that can say where a gateway is: with zeros as destination, or as next hop. */
function tellingLines(text: string): string {
  const lines = /^(?:0{32}|[0-9a-f]{32} [0-9a-f]{2} [0-9a-f]{32} [0-9a-f]{2} 0{32}) .*$/gm;
  return Array.from(text.matchAll(lines), ([line]) => line).join('\n');
}

/**
 * /proc/net/ipv6_route; of a long table only default routes and those of networks on a link. No routes where the kernel has no
 * such file (no IPv6). Throws KernelFileError.
 */
export function readIpv6Routes(root: Root): Ipv6Route[] {
  const path = '/proc/net/ipv6_route';
  const text = root.readIfPresent(path) ?? '';
  return parseIpv6Routes(text.length > LONG_TABLE ? tellingLines(text) : text, root.hostPath(path));
}

/** Those that lead anywhere through a gateway, lowest metric first; of equal ones, the kernel's order. */
export function defaultIpv6Routes(routes: readonly Ipv6Route[]): Ipv6Route[] {
  const wanted = RTF_UP | RTF_GATEWAY;
  return routes
    .filter((route) => route.destination === '::' && route.prefix === 0 && route.gateway !== '::')
    .filter((route) => (route.flags & (wanted | RTF_REJECT)) === wanted && route.interface !== 'lo')
    .sort((a, b) => a.metric - b.metric);
}
