import path from 'node:path';
import { pinned, STANDALONE } from '../root-array.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

export const mapPath: Check = {
  id: 'map-path',
  group: 'BPF',
  purpose: 'the root array of shared mode is pinned where -map_path says',
  look: async (host) => {
    const file = host.options.map_path;
    if (file === '') return skipped(STANDALONE);
    if (!host.root.exists(path.resolve(file))) {
      // A BPF file system shows its files to root alone; for others this throws, and nothing is claimed.
      host.root.list(path.dirname(path.resolve(file)));
      return fail(
        `${file} does not exist`,
        'katran aborts (SIGABRT) without the root array; the root program must be attached and pinned first',
        `xdp root program: attach it to ${host.options.intf}, pin its array at ${file}`,
      );
    }
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
