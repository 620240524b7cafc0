import { malformed } from './malformed.ts';
import type { Root } from './root.ts';

export const RTF_UP = 0x1;
export const RTF_GATEWAY = 0x2;
export const RTF_REJECT = 0x200;

/** One IPv4 route of the main table (of several next hops, the first). Addresses are dotted. */
export interface Route {
  /** `*` for a route without an interface (a blackhole). */
  readonly interface: string;
  readonly destination: string;
  readonly gateway: string;
  readonly mask: string;
  readonly flags: number;
  readonly metric: number;
}

/** `010200C0` to 192.0.2.1: the kernel prints the address as a number of a little-endian host. */
export function dottedOfHex(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

const ROUTE =
  /^(\S+)\s+([0-9a-f]{8})\s+([0-9a-f]{8})\s+([0-9a-f]{1,8})\s+-?\d+\s+-?\d+\s+(-?\d{1,10})\s+([0-9a-f]{8})(?:\s+-?\d+){0,3}\s*$/i;

/** The text of /proc/net/route (fib_route_seq_show in net/ipv4/fib_trie.c). Throws KernelFileError that names the line. */
export function parseRoutes(text: string, path = '/proc/net/route'): Route[] {
  const routes: Route[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    if (index === 0) {
      if (!/^\s*Iface\s+Destination\s+Gateway\s/.test(line))
        throw malformed(path, 1, 'a header of Iface Destination Gateway …', line);
      return;
    }
    const [, name, destination, gateway, flags, metric, mask] = ROUTE.exec(line) ?? [];
    if (
      name === undefined ||
      destination === undefined ||
      gateway === undefined ||
      flags === undefined ||
      mask === undefined
    ) {
      throw malformed(path, index + 1, 'a route (interface, addresses in hexadecimal, flags, metric)', line);
    }
    routes.push({
      interface: name,
      destination: dottedOfHex(destination),
      gateway: dottedOfHex(gateway),
      mask: dottedOfHex(mask),
      flags: Number.parseInt(flags, 16),
      // An unsigned number printed as a signed one.
      metric: Number(metric) >>> 0,
    });
  });
  return routes;
}

/** A text up to that long is read line by line. */
const LONG_TABLE = 16 * 1024;

/**
 * Of a long table the lines that can say where a gateway is: default routes and those of networks on a link, which all have a
 * column of zeros. A BGP router has 200,000 others, and parsing each would take half a second.
 */
function tellingLines(text: string): string {
  const lines = [text.slice(0, text.indexOf('\n') + 1)];
  const columns = /\n[^\n]*\t00000000\t[^\n]*/g;
  for (const [line] of text.matchAll(columns)) lines.push(line.slice(1), '\n');
  return lines.join('');
}

/**
 * The default routes and those of networks on a link, of /proc/net/route; of a table that is not long, all. No routes where the
 * kernel has no such file. Throws KernelFileError.
 */
export function readTellingRoutes(root: Root): Route[] {
  const path = '/proc/net/route';
  const text = root.readIfPresent(path) ?? '';
  return parseRoutes(text.length > LONG_TABLE ? tellingLines(text) : text, root.hostPath(path));
}

/**
 * The routes at the start of /proc/net/route, the default routes among them: the kernel lists routes in the order of their
 * destinations (fib_route_get_idx in net/ipv4/fib_trie.c), 0.0.0.0 first. Throws KernelFileError.
 */
export function readFirstRoutes(root: Root): Route[] {
  const path = '/proc/net/route';
  const text = root.readStart(path, LONG_TABLE) ?? '';
  if (text.length < LONG_TABLE) return parseRoutes(text, root.hostPath(path));
  const routes = parseRoutes(text.slice(0, text.lastIndexOf('\n') + 1), root.hostPath(path));
  return routes.at(-1)?.destination === '0.0.0.0' ? readTellingRoutes(root) : routes;
}

/** /proc/net/route; no routes where the kernel has no such file (no IPv4). Throws KernelFileError. */
export function readRoutes(root: Root): Route[] {
  const path = '/proc/net/route';
  return parseRoutes(root.readIfPresent(path) ?? '', root.hostPath(path));
}

/** Those that lead anywhere through a gateway, lowest metric first; of equal ones, the kernel's order. */
export function defaultRoutes(routes: readonly Route[]): Route[] {
  const wanted = RTF_UP | RTF_GATEWAY;
  return routes
    .filter((route) => route.destination === '0.0.0.0' && route.mask === '0.0.0.0')
    .filter((route) => (route.flags & (wanted | RTF_REJECT)) === wanted && route.interface !== '*')
    .sort((a, b) => a.metric - b.metric);
}
