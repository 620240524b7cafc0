import type { KernelEvent, KernelEvents } from '../tools/ip-monitor.ts';
import type { NeighbourEntry } from '../tools/ip.ts';
import type { Root } from '../linux/root.ts';
import { isThisMachine } from './datagram.ts';
import { NO_ROUTE, RECORDED_IPV6 } from './sighting.ts';
import { neighbourAmong, readArpNeighbour, readIpv6Entries } from './neighbour.ts';
import { parseAddress } from './next-hop.ts';
import { readNextHop } from './tables.ts';
import type { GatewayOptions, Neighbour, NextHop, Sighting } from './types.ts';

/** While the kernel tells what changes, the tables are read that often all the same. */
export const TABLES_EVERY_MS = 10_000;
/** A table up to that many characters is read whenever somebody looks. */
const SHORT_TABLE = 64 * 1024;
/** Reading a long table may take one two-hundredth of the time unasked, and a quarter when the kernel told of a change. */
const REST_PER_CHARACTER_MS = { unasked: 0.003, told: 0.000_06 } as const;

/** Counts what is read through it. */
function metered(root: Root): { readonly root: Root; readonly characters: () => number } {
  let characters = 0;
  const counted = (text: string | undefined): string | undefined => {
    characters += text?.length ?? 0;
    return text;
  };
  return {
    root: {
      ...root,
      readIfPresent: (path) => counted(root.readIfPresent(path)),
      readStart: (path, bytes) => counted(root.readStart(path, bytes)),
    },
    characters: () => characters,
  };
}

function isSame(hop: NextHop, address: string, device: string): boolean {
  return device === hop.interface && parseAddress(address)?.address === hop.address;
}

/** What the kernel has of the gateway: told where it tells, read where it does not, and as little as that needs. */
export class KernelView {
  readonly #options: GatewayOptions;
  readonly #events: KernelEvents | undefined;
  #hop: NextHop | null = null;
  #routesReadAt = Number.NEGATIVE_INFINITY;
  #routesLength = 0;
  #routesChanged = true;
  /** The IPv6 neighbour, as `ip` or the kernel said last. */
  #entry: { readonly of: NextHop; readonly entry: NeighbourEntry | null; readonly at: number } | undefined;

  constructor(options: GatewayOptions, events: KernelEvents | undefined) {
    this.#options = options;
    this.#events = events;
  }

  /** False while everything has to be looked at now and then. */
  get isTold(): boolean {
    return this.#events?.live === true;
  }

  /** Takes what the kernel told; false when none of it can change what is seen of this next hop. */
  hear(events: readonly KernelEvent[], hop: NextHop | null, mac: string | null): boolean {
    // Every event is taken, not only up to the first that matters.
    return events.map((event) => this.#takes(event, hop, mac)).includes(true);
  }

  /** From now on nothing that was told or read counts. */
  doubt(): void {
    this.#routesChanged = true;
    this.#entry = undefined;
  }

  /** The next hop and its MAC now. Throws KernelFileError, Failure, and the signal's reason. */
  async look(signal: AbortSignal): Promise<Sighting> {
    const hop = this.#nextHop();
    return hop === null ? NO_ROUTE : { hop, ...(await this.neighbour(hop, signal)) };
  }

  /** What the neighbour table has of a next hop. Throws like look(). */
  async neighbour(hop: NextHop, signal: AbortSignal): Promise<Neighbour> {
    const { root, tools } = this.#options;
    if (hop.family === 4) return readArpNeighbour(root, hop);
    if (!isThisMachine(root, 6)) return RECORDED_IPV6;
    const known = this.#entry;
    if (
      this.isTold &&
      known !== undefined &&
      isSame(hop, known.of.address, known.of.interface) &&
      performance.now() - known.at < TABLES_EVERY_MS
    )
      return neighbourAmong(known.entry === null ? [] : [known.entry], hop);
    this.#entry = undefined;
    const entries = await readIpv6Entries(tools, hop, signal);
    // What the kernel told meanwhile is newer.
    const told = this.#toldMeanwhile(hop);
    if (told !== undefined) return neighbourAmong(told === null ? [] : [told], hop);
    const entry =
      entries.find(({ address, device }) => isSame(hop, address, device ?? hop.interface)) ?? null;
    this.#entry = { of: hop, entry, at: performance.now() };
    return neighbourAmong(entries, hop);
  }

  #toldMeanwhile(hop: NextHop): NeighbourEntry | null | undefined {
    const known = this.#entry;
    return known !== undefined && isSame(hop, known.of.address, known.of.interface) ? known.entry : undefined;
  }

  #takes(event: KernelEvent, hop: NextHop | null, mac: string | null): boolean {
    switch (event.kind) {
      case 'unsure':
        this.doubt();
        return true;
      case 'route':
        this.#routesChanged = true;
        return true;
      case 'link':
        if (event.device !== this.#options.intf && event.device !== hop?.interface) return false;
        this.#routesChanged = true;
        return true;
      case 'neighbour': {
        if (hop === null || !isSame(hop, event.address, event.device)) return false;
        const entry = event.states.length === 0 ? null : event;
        if (hop.family === 6) this.#entry = { of: hop, entry, at: performance.now() };
        const seen = neighbourAmong(entry === null ? [] : [entry], hop);
        return seen.mac !== mac;
      }
      case 'address':
        return false;
    }
  }

  #nextHop(): NextHop | null {
    const now = performance.now();
    if (now < this.#routesReadAt + this.#restMs()) return this.#hop;
    const { root, characters } = metered(this.#options.root);
    // Before it is read: an error is tried again.
    this.#routesReadAt = Number.NEGATIVE_INFINITY;
    this.#hop = readNextHop({ ...this.#options, root });
    this.#routesLength = characters();
    this.#routesReadAt = now;
    this.#routesChanged = false;
    return this.#hop;
  }

  #restMs(): number {
    const length = this.#routesLength > SHORT_TABLE ? this.#routesLength : 0;
    if (this.#routesChanged) return length * REST_PER_CHARACTER_MS.told;
    return Math.max(length * REST_PER_CHARACTER_MS.unasked, this.isTold ? TABLES_EVERY_MS : 0);
  }
}
