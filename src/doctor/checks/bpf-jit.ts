import { fail, ok, skipped, warn, type Check } from '../types.ts';

export const bpfJit: Check = {
  id: 'bpf-jit',
  group: 'BPF',
  purpose: "katran's programs run as machine code",
  look: ({ root }) => {
    const value = root.readIfPresent('/proc/sys/net/core/bpf_jit_enable')?.trim();
    if (value === undefined) return skipped('there is no /proc/sys/net/core/bpf_jit_enable');
    if (value === '1') return ok('net.core.bpf_jit_enable = 1');
    const fix = 'sysctl -w net.core.bpf_jit_enable=1 (and into /etc/sysctl.d/)';
    if (value === '2')
      return warn(
        'net.core.bpf_jit_enable = 2',
        'a debugging mode that writes every program to the kernel log',
        fix,
      );
    return fail(
      `net.core.bpf_jit_enable = ${value}`,
      'every packet is interpreted: several times slower',
      fix,
    );
  },
};
