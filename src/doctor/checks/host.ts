import { lruBytes, mebibytes } from '../../katran/lru-memory.ts';
import { isBefore } from '../../linux/kernel-release.ts';
import { type CAPABILITY, hasCapability, readStatus } from '../../linux/self-status.ts';
import { type Check, type Examine, fail, groupOf, ok, skipped, warn } from '../types.ts';

const kernel: Examine = (host) => {
  const release = host.kernel();
  const found = `Linux ${release.text}`;
  if (isBefore(release, [4, 13]))
    return fail(
      found,
      'katran needs at least 4.13: its programs do not load here',
      'boot a newer kernel, best 5.11 or later',
    );
  if (isBefore(release, [5, 6]))
    return warn(
      found,
      'releases of katran since 2021 are built for 5.6 and later',
      'boot a newer kernel, best 5.11 or later',
    );
  return ok(found);
};

const rootUser: Examine = (host) => {
  const { effectiveUid } = readStatus(host.root);
  if (effectiveUid === 0) return ok('running as root');
  return warn(
    `running as user ${effectiveUid}`,
    'masks in /proc/irq belong to root, so -affinitize fails; some checks here see less',
    'run it again with sudo',
  );
};

const capabilities: Examine = (host) => {
  const status = readStatus(host.root);
  const { effectiveUid } = status;
  const has = (name: keyof typeof CAPABILITY): boolean => hasCapability(status, name);
  // CAP_BPF is from 5.8; before it, and still, CAP_SYS_ADMIN includes it.
  const bpf = isBefore(host.kernel(), [5, 8]) ? 'CAP_SYS_ADMIN' : 'CAP_BPF';
  const missing = [
    ...(has('NET_ADMIN') ? [] : ['CAP_NET_ADMIN']),
    ...(has('SYS_ADMIN') || (bpf === 'CAP_BPF' && has('BPF')) ? [] : [bpf]),
    ...(has('SYS_RESOURCE') ? [] : ['CAP_SYS_RESOURCE']),
  ];
  if (missing.length === 0 && host.options.handover && !has('SYS_ADMIN'))
    return fail(
      'CAP_SYS_ADMIN missing',
      '-handover puts programs into the root array by their id, which the kernel lets nobody else do',
      'in the unit: the drop-in /usr/share/doc/start-katran/examples/handover.conf',
    );
  if (missing.length === 0) return ok(`CAP_NET_ADMIN, ${bpf}, CAP_SYS_RESOURCE held`);
  const unit = `in the unit: AmbientCapabilities=${missing.join(' ')}`;
  return fail(
    `${missing.join(', ')} missing${effectiveUid === 0 ? ': a root with limits, as in a container' : ''}`,
    'katran started from here aborts (SIGABRT) when it loads its programs',
    effectiveUid === 0 ? `lift the limit (container: --cap-add), or ${unit}` : `run as root, or ${unit}`,
  );
};

/** Linux counts BPF maps against the memory cgroup since 5.11, before that against RLIMIT_MEMLOCK. */
const CGROUP_ACCOUNTING = [5, 11] as const;

const memlock: Examine = (host) => {
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
};

export const hostChecks: readonly Check[] = groupOf('host', {
  kernel: ["new enough for katran's BPF programs", kernel],
  root: ['root may write IRQ masks, load BPF programs and read everything that is checked here', rootUser],
  capabilities: ['katran may load BPF programs, attach them, and lock memory', capabilities],
  memlock: ["the limit on locked memory does not stop katran's maps", memlock],
});
