import { expect } from 'vitest';
import type { PacketReport } from './packets.ts';
import { PATIENCE_MS } from './patience.ts';
import { type Vip, VIP4 } from './vips.ts';
import type { Wire } from './wire.ts';

/** A second, at 1000 packets a second: what a fault has to show itself in after everything is over. */
const AFTERMATH = 1000;

/** Expects that every packet that was sent came back. */
export function expectNoneLost({ lost, sent, returned }: PacketReport): void {
  expect({ lost, missing: sent - returned }).toEqual({ lost: [], missing: 0 });
}

/** Fulfilled when katran has counted more than so many packets to the VIP from now on. */
export async function countsMore(wire: Wire, vip: Vip, packets: number): Promise<void> {
  const before = await wire.counted(vip);
  await expect
    .poll(async () => (await wire.counted(vip)) - before, { timeout: PATIENCE_MS })
    .toBeGreaterThan(BigInt(packets));
}

/** Lets the packets run on for a second, and expects that each that was ever sent came back. */
export async function expectNothingLost(wire: Wire): Promise<void> {
  await countsMore(wire, VIP4, AFTERMATH);
  for (const report of await wire.stopPackets()) {
    expectNoneLost(report);
    expect(report.sent).toBeGreaterThan(AFTERMATH);
    expect(report.perSecond).toBeGreaterThan(500);
  }
}
