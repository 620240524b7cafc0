import { Failure } from '../failure.ts';
import type { Host } from './host.ts';
import { parsePinnedMap } from '../tools/tool-output.ts';

export const STANDALONE = 'no -map_path: standalone mode, katran attaches to the interface itself';
/** What bpftool says of the pinned map, undefined where it cannot be asked. */
export async function pinned(host: Host): Promise<{ type: string; maxEntries: number } | undefined> {
  try {
    return parsePinnedMap(
      await host.tools.output('bpftool', '-j', 'map', 'show', 'pinned', host.options.map_path),
    );
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
