import { Failure } from '../failure.ts';

/** `on` and whether the driver lets it be changed, of one line of `ethtool -k`. */
export interface Feature {
  readonly on: boolean;
  readonly fixed: boolean;
}

/** The lines of `ethtool -k`: `large-receive-offload: off [fixed]`. */
export function parseFeatures(text: string): Map<string, Feature> {
  const features = new Map<string, Feature>();
  for (const [, name, value, fixed] of text.matchAll(/^\s*([a-z0-9_-]+): (on|off)( \[fixed\])?/gm)) {
    if (name !== undefined) features.set(name, { on: value === 'on', fixed: fixed !== undefined });
  }
  return features;
}

/** Numbers of `ethtool -l`: what the device could have and what it has; `n/a` is left out. */
export interface Channels {
  readonly maximum: ReadonlyMap<string, number>;
  readonly current: ReadonlyMap<string, number>;
}

export function parseChannels(text: string): Channels {
  const [before = '', after = ''] = text.split(/^Current hardware settings:/m, 2);
  const numbers = (part: string): Map<string, number> =>
    new Map(
      [...part.matchAll(/^(RX|TX|Other|Combined):\s+(\d+)/gm)].map(([, name = '', count]) => [
        name.toLowerCase(),
        Number(count),
      ]),
    );
  return { maximum: numbers(before), current: numbers(after) };
}

export type XdpMode = 'driver' | 'generic' | 'offload' | 'several';

/** What `ip -d -j link show dev IF` says that /sys does not. */
export interface LinkDetails {
  /** The attached XDP program, null when there is none. */
  readonly xdp: { readonly mode: XdpMode; readonly id: number | null; readonly name: string | null } | null;
  /** `veth`, `ipip`, `ip6tnl`, …; null for a physical device. */
  readonly kind: string | null;
  /** A tunnel in collect-metadata mode (`ip link add … type ipip external`). */
  readonly external: boolean;
}

/** XDP_ATTACHED_* of include/uapi/linux/if_link.h. */
const XDP_MODES: Readonly<Record<number, XdpMode>> = {
  1: 'driver',
  2: 'generic',
  3: 'offload',
  4: 'several',
};

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;

/** JSON that a tool printed. Throws Failure that names the tool. */
export function parseJson(tool: string, text: string): unknown {
  try {
    return text.trim() === '' ? [] : JSON.parse(text);
  } catch {
    throw new Failure(`${tool} did not print JSON (too old?)`);
  }
}

/** Throws Failure when that is no JSON about one link. */
export function parseLink(text: string): LinkDetails {
  const list = parseJson('ip', text);
  const link: unknown = Array.isArray(list)
    ? list.find((item) => field(item, 'ifname') !== undefined)
    : undefined;
  if (link === undefined) throw new Failure('ip -d -j link printed no link');
  const xdp = field(link, 'xdp');
  const mode = XDP_MODES[Number(field(xdp, 'mode'))];
  const program = field(xdp, 'prog') ?? field([field(xdp, 'attached')].flat()[0], 'prog');
  const id = field(program, 'id');
  const name = field(program, 'name');
  const info = field(link, 'linkinfo');
  const kind = field(info, 'info_kind');
  return {
    xdp:
      mode === undefined
        ? null
        : { mode, id: typeof id === 'number' ? id : null, name: typeof name === 'string' ? name : null },
    kind: typeof kind === 'string' ? kind : null,
    // iproute2 prints a flag as `true`, or as a key with null.
    external: [true, null].some((value) => field(field(info, 'info_data'), 'external') === value),
  };
}

/** Kinds in `tc -j qdisc show dev IF`. */
export function parseQdiscKinds(text: string): string[] {
  const list = parseJson('tc', text);
  return (Array.isArray(list) ? list : []).map((item: unknown) => String(field(item, 'kind')));
}

/** Type and size of `bpftool -j map show pinned PATH`. Throws Failure. */
export function parsePinnedMap(text: string): { readonly type: string; readonly maxEntries: number } {
  const map = parseJson('bpftool', text);
  const type = field(map, 'type');
  const maxEntries = field(map, 'max_entries');
  if (typeof type !== 'string' || typeof maxEntries !== 'number') throw new Failure('bpftool printed no map');
  return { type, maxEntries };
}
