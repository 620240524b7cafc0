import type { Options } from '../cli/options.ts';

/** Where katran's gRPC server is spoken to. */
export interface KatranEndpoint {
  /** `host:port` as katran got it, or the default that is polled. */
  readonly address: string;
  /** The host to connect to: a wildcard becomes its loopback address. */
  readonly host: string;
  readonly port: number;
  /** Whether a socket listening on that address (of the same port) would get, or take, katran's calls. */
  conflictsWith(listening: string): boolean;
}

const DEFAULT_ADDRESS = '127.0.0.1:50051';
const WILDCARDS = new Set(['0.0.0.0', '::']);

/** The endpoint of `-server`. Without it katran listens on every address, and 127.0.0.1:50051 is polled. */
export function katranEndpoint(options: Pick<Options, 'server'>): KatranEndpoint {
  const address = options.server ?? DEFAULT_ADDRESS;
  const colon = address.lastIndexOf(':');
  const named = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  const bound = options.server === undefined ? '0.0.0.0' : named;
  return {
    address,
    host: named === '0.0.0.0' ? '127.0.0.1' : named === '::' ? '::1' : named,
    port,
    conflictsWith: (listening) =>
      WILDCARDS.has(bound) || WILDCARDS.has(listening) || listening === bound || bound === 'localhost',
  };
}
