import { expect } from 'vitest';
import { VIP4, VIP6 } from '../../support/vips.ts';
import { ROUTER_MAC, type Wire } from '../../support/wire.ts';

/** Expects that each packet of both VIPs, IPv4 and UDP, IPv6 and TCP, comes back once, encapsulated to the router's MAC. */
export async function expectForwarding(wire: Wire): Promise<void> {
  for (const vip of [VIP4, VIP6])
    expect(await wire.send(vip, 1000, 500).report).toMatchObject({
      sent: 500,
      returned: 500,
      duplicates: 0,
      lost: [],
      outerMacs: [{ mac: ROUTER_MAC, packets: 500 }],
    });
}
