import { expect } from 'vitest';
import { VIP4, VIP6, type Balancer } from './balancer.ts';

/** A real as the file of services has it. */
export const real = (address: string, weight = 10): object => ({ address, weight, flags: [] });

/** What `addVips` of the rig gives katran, in the format of the file. */
export const SERVICES = {
  version: 1,
  vips: [
    { ...VIP4, flags: [], reals: [real('10.0.0.1'), real('10.0.0.2'), real('10.0.0.3')] },
    { ...VIP6, flags: [], reals: [real('fd30::1'), real('fd30::2')] },
  ],
};

/** Expects that packets of both VIPs come back. */
export async function expectForwarding(balancer: Balancer): Promise<void> {
  for (const vip of [VIP4, VIP6])
    expect(await balancer.send(vip, 1000, 500).report).toMatchObject({ sent: 500, returned: 500 });
}
