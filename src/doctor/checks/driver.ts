import { driverOf, hasNativeXdp } from '../xdp-drivers.ts';
import { ok, warn, type Check } from '../types.ts';

export const driver: Check = {
  id: 'driver',
  group: 'NIC',
  purpose: 'the driver runs XDP programs itself (driver mode), which is the fast way',
  look: async (host) => {
    const named = await Promise.all(
      host.members().map(async (device) => ({ name: device.name, driver: await driverOf(host, device) })),
    );
    const shown = named
      .map(({ name, driver: known }) => `${name}: ${known ?? 'no driver of its own'}`)
      .join(', ');
    const slow = named.filter((member) => !hasNativeXdp(member.driver));
    if (slow.length === 0) return ok(shown);
    return warn(
      shown,
      `no driver mode known for ${slow.map((member) => member.driver ?? member.name).join(', ')}: katran's program then runs ` +
        'in generic mode, several times slower and only with GRO off',
      'use a NIC whose driver has XDP (i40e, ice, ixgbe, mlx5, bnxt_en, ena, virtio_net, …)',
    );
  },
};
