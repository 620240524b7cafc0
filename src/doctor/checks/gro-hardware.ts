import { membersWith } from '../feature-check.ts';
import { ok, skipped, warn, type Check } from '../types.ts';

export const groHardware: Check = {
  id: 'gro-hw',
  group: 'NIC',
  purpose: 'the NIC does not merge packets before XDP sees them (hardware GRO)',
  look: async (host) => {
    const { on, unknown, names } = await membersWith(host, 'rx-gro-hw');
    if (unknown.length === names.length)
      return skipped('ethtool -k has no line rx-gro-hw (Linux before 4.16, or the driver has none)');
    if (on.length === 0) return ok(`off on ${names.join(', ')}`);
    const fixed = on.some(({ feature }) => feature.fixed);
    return warn(
      `on for ${on.map(({ name }) => name).join(', ')}${fixed ? ' [fixed]' : ''}`,
      'some drivers refuse an XDP program while it is on, others switch it off by themselves',
      fixed
        ? 'switch it off in the hypervisor if attaching fails (virtio: guest_tso4=off,guest_tso6=off)'
        : on.map(({ name }) => `ethtool -K ${name} rx-gro-hw off`).join(' && '),
    );
  },
};
