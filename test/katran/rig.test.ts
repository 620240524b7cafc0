// The rig itself: it must see no loss where there is none, and every loss where there is one.
import { expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { expectNoneLost } from '../support/nothing-lost.ts';
import { VIP4, VIP6 } from '../support/vips.ts';
import { OTHER_SERVER } from '../support/wire.ts';
import { type Balancer, NOTHING } from './rig/balancer.ts';
import { expectForwarding } from './rig/expect-forwarding.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer } from './rig/scene.ts';

describeUnless(whyNoRealKatran(), 'the packets of the rig', () => {
  let balancer: Balancer;
  eachWithBalancer((made) => (balancer = made));

  it('do not come back while nobody balances them', async () => {
    const packets = balancer.send(VIP4, 1000, 500);
    await expect(packets.firstBack).rejects.toThrow('no packet came back');
    expect(await packets.report).toMatchObject({
      sent: 500,
      returned: 0,
      lost: [{ from: 0, to: 499 }],
      outerMacs: [],
    });
  });

  it('come back encapsulated to the MAC of katran, IPv4 and IPv6, UDP and TCP', async () => {
    await balancer.startKatran();
    await balancer.addVips();
    await expectForwarding(balancer);
  });

  it('are lost when katran is started again, and the gap is measured', async () => {
    const first = await balancer.startKatran();
    await balancer.addVips();
    const packets = balancer.send(VIP4);
    await packets.firstBack;
    process.kill(first, 'SIGTERM');
    await balancer.katransEnd();
    await balancer.startKatran();
    await balancer.addVips();
    await expect.poll(() => balancer.counted(VIP4), { timeout: 20_000 }).toBeGreaterThan(100n);
    const { sent, returned, lost } = await packets.stop();
    const missing = lost.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    expect(sent - returned).toBe(missing);
    expect(missing).toBeGreaterThan(100);
    expect(Math.max(...lost.map(({ ms }) => ms))).toBeGreaterThan(100);
  });

  it('are none of 10,000 lost while a second katran takes over the slot of the first by hand', async () => {
    balancer.share();
    const first = await balancer.startInSlot(1);
    await balancer.addVips();
    await Promise.all([VIP4, VIP6].map((vip) => balancer.send(vip, 2500).firstBack));
    const second = await balancer.startInSlot(2, OTHER_SERVER);
    await balancer.addVips(OTHER_SERVER);
    balancer.fillSlot(1, balancer.programOf(second));
    balancer.emptySlot(2);
    process.kill(first, 'SIGKILL');
    await expect.poll(() => balancer.counted(VIP4, OTHER_SERVER), { timeout: 30_000 }).toBeGreaterThan(5000n);
    for (const report of await balancer.stopPackets()) {
      expectNoneLost(report);
      expect(report.sent).toBeGreaterThan(5000);
      expect(report.perSecond).toBeGreaterThan(500);
    }
    process.kill(second, 'SIGTERM');
    await balancer.katransEnd();
    balancer.emptySlot(1);
    expect(await balancer.left()).toEqual(NOTHING);
  });
});
