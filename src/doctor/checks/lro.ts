import { membersWith } from '../feature-check.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

export const lro: Check = {
  id: 'lro',
  group: 'NIC',
  purpose: 'the NIC does not merge packets before XDP sees them (large receive offload)',
  look: async (host) => {
    const { on, unknown, names } = await membersWith(host, 'large-receive-offload');
    if (unknown.length === names.length) return skipped('ethtool -k has no line large-receive-offload');
    if (on.length === 0) return ok(`off on ${names.join(', ')}`);
    const fixed = on.some(({ feature }) => feature.fixed);
    return fail(
      `on for ${on.map(({ name }) => name).join(', ')}${fixed ? ', and the driver does not let it be changed' : ''}`,
      'drivers refuse an XDP program while it is on (EOPNOTSUPP, EINVAL)',
      fixed
        ? 'switch it off in the hypervisor (virtio: guest_tso4=off,guest_tso6=off)'
        : on.map(({ name }) => `ethtool -K ${name} lro off`).join(' && '),
    );
  },
};
