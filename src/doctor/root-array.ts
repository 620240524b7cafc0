import { Failure } from '../failure.ts';
import type { Host } from './host.ts';
import { readPinnedMap, type PinnedMap } from '../tools/bpftool.ts';

export const STANDALONE = 'no -map_path: standalone mode, katran attaches to the interface itself';
/** What bpftool says of the pinned map, undefined where it cannot be asked. */
export async function pinned(host: Host): Promise<PinnedMap | undefined> {
  try {
    return await readPinnedMap(host.tools, host.options.map_path);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
