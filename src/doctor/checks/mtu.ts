import { driverOf, hasNativeXdp, mtuLimit } from '../xdp-drivers.ts';
import { fail, ok, type Check } from '../types.ts';

export const mtu: Check = {
  id: 'mtu',
  group: 'NIC',
  purpose:
    'packets fit into one page, as XDP wants; katran adds 20 bytes (IPv4) or 40 (IPv6) to each, so let the reals advertise a smaller MSS',
  look: async (host) => {
    const devices = await Promise.all(
      host.members().map(async (device) => ({ device, driver: await driverOf(host, device) })),
    );
    const beyond = devices.filter(
      ({ device, driver }) => hasNativeXdp(driver) && device.mtu > mtuLimit(driver),
    );
    const shown = devices.map(({ device }) => `${device.name}: ${device.mtu}`).join(', ');
    const [first] = beyond;
    if (first === undefined) return ok(shown);
    const limit = mtuLimit(first.driver);
    return fail(
      shown,
      `${first.driver ?? 'the driver'} takes an XDP program up to about ${limit}: katran cannot attach (EINVAL or EOPNOTSUPP)`,
      beyond
        .map(({ device, driver }) => `ip link set ${device.name} mtu ${Math.min(1500, mtuLimit(driver))}`)
        .join(' && '),
    );
  },
};
