import { fail, ok, skipped, warn, type Check, type Finding } from '../types.ts';
import type { NextHop, Sighting } from '../../gateway/types.ts';

/** A doctor sends nothing: where the kernel was never asked, it has no answer. */
function withoutMac({ trouble, seen }: Sighting, hop: NextHop): Finding {
  const ask = `ping -c1 -I ${hop.interface} ${hop.address}`;
  if (seen.includes('incomplete') || trouble === 'unusable')
    return fail(
      `${hop.address}: ${seen}`,
      trouble === 'unusable'
        ? 'packets sent there are lost'
        : 'the router does not answer on this link: nothing can be forwarded',
      `${ask}; then: ip neigh show ${hop.address}`,
    );
  return warn(
    `${hop.address}: ${seen}`,
    'nobody has asked for it yet (doctor sends nothing); a launch asks, and fails if there is no answer',
    ask,
  );
}

export const gatewayMac: Check = {
  id: 'gateway-mac',
  group: 'gateway',
  purpose: 'the MAC of the router is known, and is the one katran gets',
  look: async (host) => {
    const sighting = await host.gateway();
    const { hop, mac } = sighting;
    const given = host.options.default_mac;
    if (given !== undefined) {
      if (hop === null || mac === null)
        return ok(`-default_mac ${given}; the tables have nothing to compare it with`);
      if (mac === given) return ok(`-default_mac ${given}, as ${hop.address} has it`);
      return warn(
        `-default_mac ${given}, but ${hop.address} has ${mac}`,
        'if that is not a router too, everything katran forwards is lost',
        `drop -default_mac, or -default_mac ${mac}`,
      );
    }
    if (hop === null) return skipped('there is no next hop');
    return mac === null ? withoutMac(sighting, hop) : ok(`${mac} on ${hop.interface}`);
  },
};
