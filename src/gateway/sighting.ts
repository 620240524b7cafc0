import { isThisMachine } from './datagram.ts';
import { readArpNeighbour, readIpv6Neighbour } from './neighbour.ts';
import { readNextHop } from './tables.ts';
import type { GatewayOptions, Neighbour, RouteOptions, Sighting } from './types.ts';

export const NO_ROUTE: Sighting = { hop: null, mac: null, trouble: 'no-route', seen: 'no default route' };

export const RECORDED_IPV6: Neighbour = {
  mac: null,
  trouble: 'absent',
  seen: 'an IPv6 address of another machine, whose neighbours are not recorded',
};

/**
 * What the tables of /proc say of the gateway this moment. Synchronous, sends nothing, starts nothing; so the MAC of
 * an IPv6 gateway, which only `ip` can tell, stays null. Throws KernelFileError.
 */
export function seeInTables(options: RouteOptions): Sighting {
  const hop = readNextHop(options);
  if (hop === null) return NO_ROUTE;
  if (hop.family === 6) return { hop, mac: null, trouble: 'absent', seen: 'IPv6: not looked up' };
  return { hop, ...readArpNeighbour(options.root, hop) };
}

/** The same of either family: for IPv6 it asks `ip`. Throws KernelFileError, Failure, and the signal's reason. */
export async function seeGateway(options: GatewayOptions, signal?: AbortSignal): Promise<Sighting> {
  const sighting = seeInTables(options);
  const { hop } = sighting;
  if (hop?.family !== 6) return sighting;
  if (!isThisMachine(options.root, 6)) return { hop, ...RECORDED_IPV6 };
  return { hop, ...(await readIpv6Neighbour(options.tools, hop, signal)) };
}
