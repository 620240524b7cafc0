import { lruBytes, mebibytes } from '../../katran/lru-memory.ts';
import { isBefore } from '../../linux/kernel-release.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

/** Linux counts BPF maps against the memory cgroup since 5.11, before that against RLIMIT_MEMLOCK. */
const CGROUP_ACCOUNTING = [5, 11] as const;

export const memlock: Check = {
  id: 'memlock',
  group: 'host',
  purpose: "the limit on locked memory does not stop katran's maps",
  look: (host) => {
    if (!isBefore(host.kernel(), CGROUP_ACCOUNTING))
      return ok('BPF maps are not counted against it since Linux 5.11');
    const limits = host.root.read('/proc/self/limits');
    const soft = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1];
    if (soft === undefined) return skipped('/proc/self/limits has no line "Max locked memory"');
    if (soft === 'unlimited') return ok('unlimited');
    const needed = lruBytes(host.options.lru_size);
    const found = `limit ${mebibytes(Number(soft))}, katran needs about ${mebibytes(needed)}`;
    if (Number(soft) >= 2 * needed) return ok(found);
    return fail(
      found,
      'on this kernel BPF maps count as locked memory: katran ends with "memlock" or ENOMEM errors',
      'ulimit -l unlimited (in the unit: LimitMEMLOCK=infinity)',
    );
  },
};
