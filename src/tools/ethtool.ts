import type { Tools } from './toolbox.ts';

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

/** Throws Failure. */
export async function readFeatures(tools: Tools, name: string): Promise<ReadonlyMap<string, Feature>> {
  return parseFeatures(await tools.ask('ethtool', ['-k', name]));
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

/** Throws Failure. */
export async function readChannels(tools: Tools, name: string): Promise<Channels> {
  return parseChannels(await tools.ask('ethtool', ['-l', name]));
}

/** What `ethtool -x` shows of the table that spreads flows over receive queues. */
export interface Indirection {
  /** Receive rings there are. */
  readonly rings: number;
  /** Those that the table names, ascending. */
  readonly used: readonly number[];
}

/** `RX flow hash indirection table for eth0 with 8 RX ring(s):` and its rows; undefined when there is no such table. */
function parseIndirection(text: string): Indirection | undefined {
  const rings = / with (\d+) RX ring/.exec(text)?.[1];
  if (rings === undefined) return undefined;
  const rows = [...text.matchAll(/^\s*\d+:((?:\s+\d+)+)\s*$/gm)];
  const used = new Set(rows.flatMap(([, cells = '']) => cells.trim().split(/\s+/).map(Number)));
  return used.size === 0 ? undefined : { rings: Number(rings), used: [...used].sort((a, b) => a - b) };
}

/** Undefined where the device has no such table. Throws Failure. */
export async function readIndirection(tools: Tools, name: string): Promise<Indirection | undefined> {
  return parseIndirection(await tools.ask('ethtool', ['-x', name]));
}

/** Receive descriptors as `ethtool -g` shows them: what the device could have, and what it has. */
export interface ReceiveRing {
  readonly most: number;
  readonly now: number;
}

/** Undefined where the output does not say. */
function parseReceiveRing(text: string): ReceiveRing | undefined {
  const [most, now] = [...text.matchAll(/^RX:\s+(\d+)/gm)].map(([, count]) => Number(count));
  return most === undefined || now === undefined ? undefined : { most, now };
}

/** Throws Failure. */
export async function readReceiveRing(tools: Tools, name: string): Promise<ReceiveRing | undefined> {
  return parseReceiveRing(await tools.ask('ethtool', ['-g', name]));
}
