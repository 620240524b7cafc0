import path from 'node:path';
import { bpfMounts, isBelow } from '../../linux/mounts.ts';
import { fail, ok, type Check } from '../types.ts';

export const bpffs: Check = {
  id: 'bpffs',
  group: 'BPF',
  purpose: 'there is a BPF file system to pin maps in (shared mode only)',
  look: ({ root, options }) => {
    const mounts = bpfMounts(root);
    const { map_path: mapPath } = options;
    if (mapPath === '')
      return ok(
        mounts.length === 0 ? 'none mounted; standalone mode needs none' : `mounted at ${mounts.join(', ')}`,
      );
    if (isBelow(path.resolve(mapPath), mounts)) return ok(`mounted at ${mounts.join(', ')}`);
    return fail(
      mounts.length === 0
        ? 'no BPF file system is mounted'
        : `mounted at ${mounts.join(', ')}, -map_path ${mapPath} is elsewhere`,
      'the root array of -map_path can only be pinned in one',
      mounts.length === 0
        ? 'mount -t bpf bpf /sys/fs/bpf'
        : `pin the root array below ${mounts[0] ?? '/sys/fs/bpf'}`,
    );
  },
};
