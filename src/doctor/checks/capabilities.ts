import { readStatus } from '../../linux/self-status.ts';
import { isBefore } from '../../linux/kernel-release.ts';
import { fail, ok, type Check } from '../types.ts';

/** Bit numbers of include/uapi/linux/capability.h. */
const NET_ADMIN = 12;
const SYS_ADMIN = 21;
const SYS_RESOURCE = 24;
const BPF = 39;

export const capabilities: Check = {
  id: 'capabilities',
  group: 'host',
  purpose: 'katran may load BPF programs, attach them, and lock memory',
  look: (host) => {
    const { effectiveCapabilities: held, effectiveUid } = readStatus(host.root);
    const has = (bit: number): boolean => ((held >> BigInt(bit)) & 1n) === 1n;
    // CAP_BPF is from 5.8; before it, and still, CAP_SYS_ADMIN includes it.
    const bpf = isBefore(host.kernel(), [5, 8]) ? 'CAP_SYS_ADMIN' : 'CAP_BPF';
    const missing = [
      ...(has(NET_ADMIN) ? [] : ['CAP_NET_ADMIN']),
      ...(has(SYS_ADMIN) || (bpf === 'CAP_BPF' && has(BPF)) ? [] : [bpf]),
      ...(has(SYS_RESOURCE) ? [] : ['CAP_SYS_RESOURCE']),
    ];
    if (missing.length === 0) return ok(`CAP_NET_ADMIN, ${bpf}, CAP_SYS_RESOURCE held`);
    const unit = `in the unit: AmbientCapabilities=${missing.join(' ')}`;
    return fail(
      `${missing.join(', ')} missing${effectiveUid === 0 ? ': a root with limits, as in a container' : ''}`,
      'katran started from here aborts (SIGABRT) when it loads its programs',
      effectiveUid === 0 ? `lift the limit (container: --cap-add), or ${unit}` : `run as root, or ${unit}`,
    );
  },
};
