import { fail, ok, warn, type Check } from '../types.ts';

/** Of an entry for each core is nothing left to evict; below this many a busy core forgets connections within a second. */
const FEW_ENTRIES = 1000;

export const lruSize: Check = {
  id: 'lru-size',
  group: 'katran',
  purpose: 'each forwarding core has a connection table of some size',
  look: (host) => {
    const size = host.options.lru_size;
    const cores = Math.max(1, host.plan().forwardingCores.length);
    const each = Math.floor(size / cores);
    const found = `${size} entries, ${each} for each of ${cores} ${cores === 1 ? 'core' : 'cores'}`;
    if (size < cores)
      return fail(
        found,
        'katran divides it over the cores and aborts (SIGABRT) when one gets none',
        '-lru_size 1000000',
      );
    if (each < FEW_ENTRIES)
      return warn(
        found,
        'old connections are forgotten at once, and move to other reals when reals change',
        '-lru_size 1000000',
      );
    return ok(found);
  },
};
