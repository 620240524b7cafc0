import { Failure } from '../failure.ts';
import { field, numberField, parseToolList, textField } from './json.ts';
import type { AskOptions, Tools } from './toolbox.ts';

/** How an XDP program is attached. */
export type XdpMode = 'native' | 'generic' | 'offloaded' | 'several';

/** XDP_ATTACHED_… of include/uapi/linux/if_link.h. */
const XDP_MODES: readonly (XdpMode | 'none')[] = ['none', 'native', 'generic', 'offloaded', 'several'];

export interface AttachedXdp {
  readonly mode: XdpMode;
  /** The kernel's id of the program, as in `prog_id` of /proc/PID/fdinfo. Of several programs it is the first one's. */
  readonly id: number | null;
  readonly name: string | null;
}

/** What `ip` says of a link that /sys does not. */
export interface LinkDetails {
  /** The attached XDP program, null when there is none. */
  readonly xdp: AttachedXdp | null;
  /** `veth`, `ipip`, `ip6tnl`, …; null for a physical device. */
  readonly kind: string | null;
  /** A tunnel in collect-metadata mode (`ip link add … type ipip external`). */
  readonly external: boolean;
}

function attachedXdp(link: unknown): AttachedXdp | null {
  const xdp = field(link, 'xdp');
  if (xdp === undefined) return null;
  const mode = XDP_MODES[numberField(xdp, 'mode') ?? -1];
  if (mode === undefined) throw new Failure('ip printed an XDP mode that is not known');
  if (mode === 'none') return null;
  const program = field(xdp, 'prog') ?? field([field(xdp, 'attached')].flat()[0], 'prog');
  return { mode, id: numberField(program, 'id') ?? null, name: textField(program, 'name') ?? null };
}

/** Of the output of `ip -d -j link show dev IF`. Throws Failure when that is no JSON about a link. */
export function parseLink(text: string): LinkDetails {
  const link = parseToolList('ip', text).find((item) => field(item, 'ifname') !== undefined);
  if (link === undefined) throw new Failure('ip -d -j link printed no link');
  const info = field(link, 'linkinfo');
  return {
    xdp: attachedXdp(link),
    kind: textField(info, 'info_kind') ?? null,
    // iproute2 prints a flag as `true`, or as a key with null.
    external: [true, null].some((value) => field(field(info, 'info_data'), 'external') === value),
  };
}

/** A link and its XDP program. Throws Failure when `ip` does not say. */
export async function readLink(tools: Tools, name: string, options?: AskOptions): Promise<LinkDetails> {
  return parseLink(await tools.ask('ip', ['-d', '-j', 'link', 'show', 'dev', name], options));
}

/** An entry of the IPv6 neighbour table; MAC and states are as `ip` wrote them. */
export interface NeighbourEntry {
  readonly address: string;
  /** Left out where `ip` was asked for one device. */
  readonly device: string | undefined;
  /** Left out where the neighbour has not answered. */
  readonly mac: string | undefined;
  /** `REACHABLE`, `STALE`, … */
  readonly states: readonly string[];
}

/** Of the output of `ip -j -6 neigh`. Throws Failure when that is no JSON. */
export function parseNeighbours(text: string): NeighbourEntry[] {
  return parseToolList('ip', text).flatMap((value) => {
    const address = textField(value, 'dst');
    if (address === undefined) return [];
    const states = [field(value, 'state')].flat().map(String);
    return { address, device: textField(value, 'dev'), mac: textField(value, 'lladdr'), states };
  });
}

/** What the kernel knows of an IPv6 address on a device; /proc has no such table. Throws Failure, and the signal's reason. */
export async function readIpv6Neighbours(
  tools: Tools,
  { address, device }: { readonly address: string; readonly device: string },
  options?: AskOptions,
): Promise<NeighbourEntry[]> {
  return parseNeighbours(
    await tools.ask('ip', ['-j', '-6', 'neigh', 'show', 'to', address, 'dev', device], options),
  );
}

/** A policy rule; `table` is null where it leads to none (a prohibition). */
export interface Rule {
  readonly priority: number;
  readonly table: string | null;
}

/** Of the output of `ip -j rule show`. Throws Failure when that is no JSON. */
function parseRules(text: string): Rule[] {
  return parseToolList('ip', text).map((rule) => ({
    priority: numberField(rule, 'priority') ?? 0,
    table: textField(rule, 'table') ?? numberField(rule, 'table')?.toString() ?? null,
  }));
}

/** Throws Failure. */
export async function readRules(tools: Tools): Promise<Rule[]> {
  return parseRules(await tools.ask('ip', ['-j', 'rule', 'show']));
}
