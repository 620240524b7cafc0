import path from 'node:path';
import { Failure } from '../../failure.ts';
import type { Host } from '../host.ts';
import { parsePinnedMap } from '../tool-output.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

const STANDALONE = 'no -map_path: standalone mode, katran attaches to the interface itself';
/** The stock root program has slots 0-2. */
const STOCK_SLOTS = 3;

/** What bpftool says of the pinned map, undefined where it cannot be asked. */
async function pinned(host: Host): Promise<{ type: string; maxEntries: number } | undefined> {
  try {
    return parsePinnedMap(
      await host.tools.output('bpftool', '-j', 'map', 'show', 'pinned', host.options.map_path),
    );
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

export const mapPath: Check = {
  id: 'map-path',
  group: 'BPF',
  purpose: 'the root array of shared mode is pinned where -map_path says',
  look: async (host) => {
    const file = host.options.map_path;
    if (file === '') return skipped(STANDALONE);
    if (!host.root.exists(path.resolve(file)))
      return fail(
        `${file} does not exist`,
        'katran aborts (SIGABRT) without the root array; the root program must be attached and pinned first',
        `xdp root program: attach it to ${host.options.intf}, pin its array at ${file}`,
      );
    const map = await pinned(host);
    if (map === undefined) return ok(`${file} exists (no bpftool here to see what it is)`);
    if (map.type === 'prog_array') return ok(`${file}: prog_array with ${map.maxEntries} slots`);
    return fail(
      `${file} is a ${map.type}`,
      'it has to be the prog_array of the root program',
      'bpftool map show; then correct -map_path',
    );
  },
};

export const mapPosition: Check = {
  id: 'map-pos',
  group: 'BPF',
  purpose: 'katran has a slot in the root array',
  look: async (host) => {
    const { map_path: file, map_pos: position } = host.options;
    if (file === '') return skipped(STANDALONE);
    const slots = (await pinned(host))?.maxEntries;
    const last = (slots ?? STOCK_SLOTS) - 1;
    const array = slots === undefined ? 'the stock root array' : file;
    if (position >= 0 && position <= last) return ok(`${position} of 0-${last} (${array})`);
    return fail(
      `${position}, but ${array} has slots 0-${last}`,
      'katran aborts (SIGABRT) on a slot that is not there',
      `-map_pos ${last}`,
    );
  },
};
