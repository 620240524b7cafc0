import { expect } from 'vitest';
import { vipWith } from '../../support/services-file.ts';
import { VIP4, VIP6 } from '../../support/vips.ts';
import { type Balancer, REALS4, REALS6 } from './balancer.ts';

/** What `addVips` of the rig gives katran, in the format of the file. */
export const SERVICES = { version: 1, vips: [vipWith(VIP4, REALS4), vipWith(VIP6, REALS6)] };

/** Expects that packets of both VIPs come back. */
export async function expectForwarding(balancer: Balancer): Promise<void> {
  for (const vip of [VIP4, VIP6])
    expect(await balancer.send(vip, 1000, 500).report).toMatchObject({ sent: 500, returned: 500 });
}
