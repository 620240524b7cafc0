// The rig itself: it must see no loss where there is none, and every loss where there is one.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Balancer, NOTHING, ROOT_ARRAY, ROUTER_MAC, VIP4, VIP6 } from './rig/balancer.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';

const reason = whyNoRealKatran();

describe.skipIf(reason !== undefined)(
  `the packets of the rig${reason === undefined ? '' : `: ${reason}`}`,
  () => {
    let balancer: Balancer;
    beforeEach(async () => {
      balancer = await Balancer.make();
    });
    afterEach(() => balancer.remove());

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
      for (const vip of [VIP4, VIP6])
        expect(await balancer.send(vip, 1000, 500).report).toMatchObject({
          sent: 500,
          returned: 500,
          duplicates: 0,
          lost: [],
          outerMacs: [{ mac: ROUTER_MAC, packets: 500 }],
        });
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
      const first = await balancer.startKatran([`-map_path=${ROOT_ARRAY}`, '-prog_pos=1']);
      await balancer.addVips();
      const streams = [VIP4, VIP6].map((vip) => balancer.send(vip, 2500, 200_000));
      await Promise.all(streams.map(({ firstBack }) => firstBack));
      const otherPort = '127.0.0.1:50052';
      const second = await balancer.startKatran([`-map_path=${ROOT_ARRAY}`, '-prog_pos=2'], otherPort);
      await balancer.addVips(otherPort);
      balancer.fillSlot(1, balancer.programOf(second));
      balancer.emptySlot(2);
      process.kill(first, 'SIGKILL');
      await expect.poll(() => balancer.counted(VIP4, otherPort), { timeout: 30_000 }).toBeGreaterThan(5000n);
      const reports = await Promise.all(streams.map((stream) => stream.stop()));
      for (const { sent, returned, lost, perSecond } of reports) {
        expect({ lost, missing: sent - returned }).toEqual({ lost: [], missing: 0 });
        expect(sent).toBeGreaterThan(5000);
        expect(perSecond).toBeGreaterThan(500);
      }
      process.kill(second, 'SIGTERM');
      await balancer.katransEnd();
      balancer.emptySlot(1);
      expect(await balancer.left()).toEqual(NOTHING);
    });
  },
);
