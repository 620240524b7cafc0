import { fail, ok, skipped, type Check } from '../types.ts';

export const carrier: Check = {
  id: 'carrier',
  group: 'NIC',
  purpose: 'there is a link at the other end',
  look: (host) => {
    const device = host.device();
    if (!device.up) return skipped(`${device.name} is down, so the kernel has no answer`);
    const without = host.members().filter((member) => member.carrier === false);
    if (without.length === 0 && device.carrier !== false)
      return ok(`link detected, state ${device.operstate}`);
    const names = without.map(({ name }) => name).join(', ') || device.name;
    return fail(
      `${names} without carrier, state ${device.operstate}`,
      'cable, transceiver, switch port, or the other end of a virtual link is off: no packet arrives',
      `check cable and switch port; then: ethtool ${without[0]?.name ?? device.name}`,
    );
  },
};
