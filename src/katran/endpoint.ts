import { parseHostPort } from '../linux/host-port.ts';
import { isIpv6 } from '../linux/ip-address.ts';
import type { Options } from '../cli/options.ts';

/** Where katran's gRPC server is spoken to. */
export interface KatranEndpoint {
  /** `host:port` as katran got it, or the default that is polled. */
  readonly address: string;
  /** The host to connect to: a wildcard becomes its loopback address. */
  readonly host: string;
  readonly port: number;
  /** The address katran binds, canonical; a host name as it is. */
  readonly bound: string;
  /** Whether a socket listening on that address (of the same port) would get, or take, katran's calls. */
  conflictsWith(listening: string): boolean;
}

const DEFAULT_ADDRESS = '127.0.0.1:50051';
const WILDCARDS = new Set(['0.0.0.0', '::']);

/**
 * One text for one address: IPv6 as RFC 5952 writes it, and an IPv4 address that a dual-stack socket shows as IPv6
 * (`::ffff:127.0.0.1`, what gRPC binds) as the IPv4 address it is. A host name stays as it is.
 */
function canonical(address: string): string {
  if (!isIpv6(address)) return address;
  const text = URL.canParse(`http://[${address}]`)
    ? new URL(`http://[${address}]`).hostname.slice(1, -1)
    : address;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  return [high, low]
    .map((word) => Number.parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 0xff])
    .join('.');
}

/** Whether sockets bound to these two addresses, of one port, get each other's connections. */
export function addressesConflict(one: string, other: string): boolean {
  const [a, b] = [canonical(one), canonical(other)];
  return WILDCARDS.has(a) || WILDCARDS.has(b) || a === b;
}

/** The endpoint of `-server`. Without it katran listens on every address, and 127.0.0.1:50051 is polled. */
export function katranEndpoint(options: Pick<Options, 'server'>): KatranEndpoint {
  const address = options.server ?? DEFAULT_ADDRESS;
  const { host, port } = parseHostPort(address) ?? { host: address, port: 0 };
  const named = canonical(host);
  const bound = options.server === undefined ? '0.0.0.0' : named;
  return {
    address,
    host: named === '0.0.0.0' ? '127.0.0.1' : named === '::' ? '::1' : named,
    port,
    bound,
    conflictsWith: (listening) => bound === 'localhost' || addressesConflict(bound, listening),
  };
}
