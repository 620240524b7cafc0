/** What the kernel tells of; the names are ours, the lines those of `ip monitor label`. */
export type KernelEventKind = 'neighbour' | 'route' | 'link' | 'address';

/** A neighbour, as the kernel has it now. MAC and states are as `ip` writes them. */
export interface NeighbourEvent {
  readonly kind: 'neighbour';
  readonly address: string;
  readonly device: string;
  readonly mac: string | undefined;
  /** `REACHABLE`, `FAILED`, …; empty when the entry is gone. */
  readonly states: readonly string[];
}

/** A route of the main table that can decide where the gateway is: a default route, or one of a network on a link. */
export interface RouteEvent {
  readonly kind: 'route';
  readonly isDefault: boolean;
}

export interface LinkEvent {
  readonly kind: 'link';
  readonly device: string;
  readonly index: number;
  /** Up and with carrier (`LOWER_UP`). */
  readonly running: boolean;
  readonly gone: boolean;
}

export interface AddressEvent {
  readonly kind: 'address';
  readonly device: string;
}

/** Something may have changed unseen: messages were lost, or the monitor has only just begun. Everybody is told of it. */
export interface UnsureEvent {
  readonly kind: 'unsure';
}

export type KernelEvent = NeighbourEvent | RouteEvent | LinkEvent | AddressEvent | UnsureEvent;

export const UNSURE: UnsureEvent = { kind: 'unsure' };

const DELETED = 'Deleted ';
const LABEL = /^(?:\[[^\]]*\] ?)?\[(NEIGH|ROUTE|LINK|ADDR)\](?:\[[^\]]*\])?/;
const NEIGHBOUR = /^(\S+) dev (\S+)(?: lladdr (\S+))?/;
const STATES = new Set([
  'INCOMPLETE',
  'REACHABLE',
  'STALE',
  'DELAY',
  'PROBE',
  'FAILED',
  'NOARP',
  'PERMANENT',
]);
const LINK = /^(\d+): ([^\s:@]+)(?:@[^\s:]+)?: <([^>]*)>/;
const ADDRESS = /^\d+: (\S+)/;

function neighbourOf(text: string, gone: boolean): KernelEvent | undefined {
  const [head = '', address, device, mac] = NEIGHBOUR.exec(text) ?? [];
  if (address === undefined || device === undefined) return undefined;
  const states = gone
    ? []
    : text
        .slice(head.length)
        .split(' ')
        .filter((word) => STATES.has(word));
  return { kind: 'neighbour', address, device, mac: gone ? undefined : mac, states };
}

/** A BGP session tells of 100,000 routes through routers; none of them says who the default router is. */
function routeOf(text: string): KernelEvent | undefined {
  const isDefault = text.startsWith('default ');
  if (text.includes(' table ')) return undefined;
  if (!isDefault && text.includes(' via ')) return undefined;
  return { kind: 'route', isDefault };
}

function linkOf(text: string, gone: boolean): KernelEvent | undefined {
  const [, index, device, flags = ''] = LINK.exec(text) ?? [];
  if (index === undefined || device === undefined) return undefined;
  const running = !gone && flags.split(',').includes('LOWER_UP');
  return { kind: 'link', device, index: Number(index), running, gone };
}

/**
 * One line of `ip -ts -o monitor label …` (iproute2's ipmonitor.c). Undefined for a line that changes nothing that is asked
 * for here; a line of another form is an UnsureEvent, because what it says is not known.
 */
export function parseMonitorLine(line: string): KernelEvent | undefined {
  if (line.trim() === '') return undefined;
  const [head, label] = LABEL.exec(line) ?? [];
  if (head === undefined) return UNSURE;
  const gone = line.startsWith(DELETED, head.length);
  const text = line.slice(head.length + (gone ? DELETED.length : 0));
  switch (label) {
    case 'NEIGH':
      return neighbourOf(text, gone) ?? UNSURE;
    case 'ROUTE':
      return routeOf(text);
    case 'LINK':
      return linkOf(text, gone) ?? UNSURE;
    default: {
      const device = ADDRESS.exec(text)?.[1];
      return device === undefined ? UNSURE : { kind: 'address', device };
    }
  }
}

/** A line that is longer is not kept: that something was told is all that is known then. */
const LONGEST_LINE = 64 * 1024;

/** Makes events of a text that comes in pieces, and keeps no more of it than the line that is not complete yet. */
export class MonitorLines {
  #rest = '';

  /** The events of the lines that this piece completes, in order; several UnsureEvents in a row are one. */
  take(piece: string): KernelEvent[] {
    const text = this.#rest + piece;
    const events: KernelEvent[] = [];
    let begin = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', begin)) {
      this.#add(events, parseMonitorLine(text.slice(begin, end)));
      begin = end + 1;
    }
    this.#rest = text.slice(begin);
    if (this.#rest.length > LONGEST_LINE) {
      this.#rest = '';
      this.#add(events, UNSURE);
    }
    return events;
  }

  #add(events: KernelEvent[], event: KernelEvent | undefined): void {
    if (event === undefined || (event === UNSURE && events.at(-1) === UNSURE)) return;
    events.push(event);
  }
}
