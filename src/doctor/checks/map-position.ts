import { pinned, STANDALONE } from '../root-array.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

/** The stock root program has slots 0-2. */
const STOCK_SLOTS = 3;

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
