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
