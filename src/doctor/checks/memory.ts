import { availableMemory } from '../../linux/meminfo.ts';
import { lruBytes, mebibytes } from '../../katran/lru-memory.ts';
import { fail, ok, warn, type Check } from '../types.ts';

export const lruMemory: Check = {
  id: 'memory',
  group: 'katran',
  purpose: 'the connection tables fit into memory (it is kernel memory, not seen in the RSS of katran)',
  look: async (host) => {
    const needed = lruBytes(host.options.lru_size);
    const available = await availableMemory(host.root);
    const found = `tables about ${mebibytes(needed)}, available ${mebibytes(available)}`;
    const affordable =
      Math.floor(((available / 2) * host.options.lru_size) / Math.max(1, needed) / 1000) * 1000;
    const fix = `-lru_size ${affordable}`;
    if (needed > available)
      return fail(found, 'katran ends with ENOMEM, or others are killed for memory', fix);
    if (needed > available * 0.8) return warn(found, 'hardly anything is left for others', fix);
    return ok(found);
  },
};
