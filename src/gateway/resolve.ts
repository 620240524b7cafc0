import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { KernelFileError } from '../linux/root.ts';
import type { Log } from '../log/log.ts';
import { isThisMachine, sendDatagram } from './datagram.ts';
import { seeGateway, seeInTables } from './sighting.ts';
import { macProblem, parseMac } from '../linux/mac.ts';
import { gatewayProblem } from './next-hop.ts';
import type { Gateway, GatewayOptions, NextHop, RouteOptions, Sighting } from './types.ts';

export interface ResolveOptions extends GatewayOptions {
  /** `-gateway_timeout`; 0 looks once and sends nothing. */
  readonly timeoutMs: number;
  /** False: send nothing, only look. */
  readonly probe?: boolean | undefined;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

const LOOK_EVERY_MS = 10;
/** For IPv6 each look is a process. */
const LOOK_IPV6_EVERY_MS = 50;
/** The kernel asks three times, a second apart; then it takes another datagram to make it ask again. */
const SEND_AGAIN_MS = 3000;
/** After one that could not be sent, because the interface is still coming up. */
const RETRY_SEND_MS = 250;

const gatewayOf = (hop: NextHop, mac: string): Gateway => ({
  address: hop.address,
  mac,
  interface: hop.interface,
  family: hop.family,
  reason: hop.reason,
  warnings: hop.warnings,
});

/** The gateway of `-default_mac`: nothing is discovered, and tables that cannot be read do not matter. */
function fixedGateway(options: RouteOptions, text: string): Gateway {
  const mac = parseMac(text);
  const problem = macProblem(text);
  if (mac === undefined || problem !== undefined) throw new Failure(`-default_mac ${text} ${problem ?? ''}`);
  let hop: NextHop | null = null;
  try {
    hop = seeInTables(options).hop;
  } catch (error) {
    if (!(error instanceof KernelFileError)) throw error;
  }
  if (hop !== null) return { ...gatewayOf(hop, mac), reason: `-default_mac; ${hop.reason}`, warnings: [] };
  return { address: null, mac, interface: options.intf, family: 4, reason: '-default_mac', warnings: [] };
}

function checkGatewayText(gateway: string | undefined): void {
  const problem = gateway === undefined ? undefined : gatewayProblem(gateway);
  if (problem !== undefined) throw new Failure(`-gateway ${gateway ?? ''} ${problem}`);
}

function noRoute({ root, intf }: RouteOptions): Failure {
  return new Failure(
    `no default route for ${intf} or any other interface in ${root.hostPath('/proc/net/route')} and ${root.hostPath('/proc/net/ipv6_route')}`,
    { remedy: 'add one, or give the gateway with -gateway or its MAC with -default_mac' },
  );
}

/** Sends when it is time to, and remembers what became of it. */
class Prober {
  readonly #options: ResolveOptions;

  #target = '';
  #nextAt = 0;
  #sent = 0;
  #problem: string | undefined;

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  /** One datagram for each next hop; another only after the kernel has given up on it. */
  async probe(hop: NextHop): Promise<void> {
    const { root, probe = true, timeoutMs, log } = this.#options;
    const now = performance.now();
    const target = `${hop.address} on ${hop.interface}`;
    if (target === this.#target && now < this.#nextAt) return;
    if (target !== this.#target) this.#sent = 0;
    this.#target = target;
    this.#nextAt = now + SEND_AGAIN_MS;
    if (!probe || timeoutMs <= 0) return;
    if (!isThisMachine(root, hop.family)) {
      this.#problem = 'not asked for: the routes are those of another machine';
      return;
    }
    log.debug(`asking for the MAC of ${target} with a datagram to its port 9`);
    const code = await sendDatagram(hop);
    this.#problem = code === undefined ? undefined : `sending to it failed with ${code}`;
    if (code === undefined) this.#sent += 1;
    else this.#nextAt = now + RETRY_SEND_MS;
  }

  /** What was tried, in words. */
  get story(): string {
    if (this.#problem !== undefined) return this.#problem;
    return this.#sent === 0 ? 'not asked for' : 'asked for with a UDP datagram';
  }
}

function unresolved({ root, timeoutMs }: ResolveOptions, hop: NextHop, seen: string, story: string): Failure {
  const table = hop.family === 4 ? root.hostPath('/proc/net/arp') : 'ip -j -6 neigh';
  return new Failure(
    `cannot find the MAC of the gateway ${hop.address} on ${hop.interface} (${hop.reason}): ${table} shows ${seen} after ${timeoutMs} ms (${story})`,
    { remedy: 'check that it is up and on this link, or give its MAC with -default_mac' },
  );
}

/**
 * Finds the gateway of -intf and its MAC. Address and interface are from the route tables (or `-gateway`), the MAC from the
 * neighbour table; while that has none, one UDP datagram makes the kernel ask for it, and the table is looked at every 10 ms
 * (IPv6: 50) up to timeoutMs. With `-default_mac` nothing is discovered. Throws Failure when there is no default
 * route, when the MAC stays unknown, or when a table cannot be read; the signal's reason as soon as it aborts.
 */
export async function resolveGateway(options: ResolveOptions): Promise<Gateway> {
  const { timeoutMs, signal } = options;
  signal?.throwIfAborted();
  if (options.mac !== undefined) return fixedGateway(options, options.mac);
  checkGatewayText(options.gateway);
  const deadline = performance.now() + timeoutMs;
  const prober = new Prober(options);
  let known: { hop: NextHop; seen: string } | undefined;
  for (;;) {
    const sighting: Sighting = await seeGateway(options, signal);
    signal?.throwIfAborted();
    if (sighting.hop !== null) {
      if (sighting.mac !== null) return gatewayOf(sighting.hop, sighting.mac);
      known = { hop: sighting.hop, seen: sighting.seen };
      await prober.probe(sighting.hop);
    }
    if (known === undefined) throw noRoute(options);
    const left = deadline - performance.now();
    if (left <= 0) throw unresolved(options, known.hop, known.seen, prober.story);
    const pause = known.hop.family === 6 ? LOOK_IPV6_EVERY_MS : LOOK_EVERY_MS;
    await delay(Math.min(pause, left), undefined, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}
