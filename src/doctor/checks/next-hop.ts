import { fail, ok, warn, type Check } from '../types.ts';

export const nextHop: Check = {
  id: 'next-hop',
  group: 'gateway',
  purpose: 'all that katran forwards goes to one router, which is known',
  look: async (host) => {
    const { hop } = await host.gateway();
    if (hop === null) {
      if (host.options.default_mac !== undefined) return ok('no default route, but -default_mac is given');
      return fail(
        'no default route',
        'katran would not know where to send packets, so it is not started',
        `ip route add default via ROUTER dev ${host.interfaceName()}, or give -gateway or -default_mac`,
      );
    }
    const found = `${hop.address} on ${hop.interface} (${hop.reason})`;
    const [warning] = hop.warnings;
    if (warning === undefined) return ok(found);
    return warn(found, warning.message, `name the router on ${host.interfaceName()}: -gateway ADDRESS`);
  },
};
