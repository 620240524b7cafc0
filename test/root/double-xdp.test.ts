import { beforeEach, describe, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { type Double, type Settings, whyNoBpf } from '../support/katran-double/index.ts';
import { xdpProgramsOf } from '../support/kernel-view.ts';
import { whyNoNamespaces } from '../support/netns.ts';
import { expectNoneLost } from '../support/nothing-lost.ts';
import type { PacketReport } from '../support/packets.ts';
import { type Vip, VIP4, VIP6, vipMessage } from '../support/vips.ts';
import { DEVICE, ROUTER_MAC } from '../support/wire.ts';
import type { DoubleBalancer } from './rig/double-balancer.ts';
import { eachWithDoubleBalancer } from './rig/scene.ts';

// The double with real XDP must forward, stay and go as katran does, or handovers that are tested with it prove nothing.

const PUSHED_MAC = '02:00:00:00:88:01';

function returnedTo({ returned, outerMacs }: PacketReport): { returned: number; macs: string[] } {
  return { returned, macs: outerMacs.map(({ mac }) => mac) };
}

const ALL_PUSHED = { returned: 200, macs: [PUSHED_MAC] };
const NONE = { returned: 0, macs: [] };

describeUnless(whyNoNamespaces() ?? whyNoBpf(), 'the double with real XDP', () => {
  let balancer: DoubleBalancer;
  eachWithDoubleBalancer((made) => (balancer = made));

  /** 200 packets to the VIP, a thousand a second. */
  const send = (vip: Vip): Promise<PacketReport> => balancer.send(vip, 1000, 200).report;

  it('standalone: sends the packets of its VIPs back encapsulated, to the MAC that was pushed, and counts them', async () => {
    const double = await balancer.startKatran([`-default_mac=${ROUTER_MAC}`]);
    expect(await send(VIP4)).toMatchObject({ returned: 0 });
    await balancer.addVip(VIP4, ['10.0.0.1']);
    await balancer.addVip(VIP6, ['fd30::1']);
    expect(returnedTo(await send(VIP4))).toEqual({ returned: 200, macs: [ROUTER_MAC] });
    await balancer.call('changeMac', { mac: PUSHED_MAC });
    expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
    expect(returnedTo(await send(VIP6))).toEqual(ALL_PUSHED);
    const counted = await balancer.call('getStatsForVip', vipMessage(VIP6));
    expect(counted.answer).toMatchObject({ v1: '200' });
    await balancer.call('delVip', vipMessage(VIP4));
    expect(returnedTo(await send(VIP4))).toEqual(NONE);
    const attached = balancer.attached();
    expect(attached).toMatchObject({ mode: 'native', name: 'balancer_ingres' });
    expect(xdpProgramsOf(double.pid)).toEqual([attached?.id]);
  });

  it('standalone: SIGTERM takes the program away, SIGKILL leaves it forwarding, the next start replaces it', async () => {
    const first = await balancer.startKatran([`-default_mac=${PUSHED_MAC}`]);
    await balancer.addVip(VIP4, ['10.0.0.1']);
    const before = balancer.attached();
    first.process.kill('SIGKILL');
    await first.ended;
    expect(balancer.attached()).toEqual(before);
    expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
    const second = await balancer.startKatran();
    expect(balancer.attached()?.id).not.toBe(before?.id);
    expect(returnedTo(await send(VIP4))).toEqual(NONE);
    second.process.kill('SIGTERM');
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(balancer.attached()).toBeNull();
  });

  it('standalone: aborts where another program is attached in generic mode', async () => {
    await (await balancer.startKatran()).remove();
    const id = balancer.attached()?.id;
    balancer.host.run('bpftool', 'prog', 'pin', 'id', String(id), `${balancer.directory.path}/program`);
    balancer.host.ip(`link set dev ${DEVICE} xdp off`);
    balancer.host.ip(`link set dev ${DEVICE} xdpgeneric pinned ${balancer.directory.path}/program`);
    const double = await balancer.beginKatran();
    expect(await double.ended).toEqual({ code: null, signal: 'SIGABRT' });
    expect(balancer.attached()).toMatchObject({ id, mode: 'generic' });
  });

  describe('in shared mode', () => {
    let shared: string[];
    beforeEach(() => {
      balancer.share();
      shared = [`-map_path=${balancer.root.path}`, `-default_mac=${PUSHED_MAC}`];
    });

    /** The first katran, in slot 1, with a VIP. */
    async function first(settings: Settings = {}): Promise<Double> {
      const double = await balancer.startKatran([...shared, '-prog_pos=1'], settings);
      await balancer.addVip(VIP4, ['10.0.0.1']);
      return double;
    }

    it('its program is in its slot and forwards; SIGTERM deletes the slot, and says so when it is empty already', async () => {
      const one = await first();
      expect(balancer.root.slots()).toEqual({ 1: xdpProgramsOf(one.pid)[0] });
      expect(balancer.attached()?.name).toBe('xdp_root');
      expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
      one.process.kill('SIGTERM');
      expect(await one.ended).toEqual({ code: 0, signal: null });
      expect(balancer.root.slots()).toEqual({});
      const second = await balancer.startKatran([...shared, '-prog_pos=1']);
      balancer.root.clear(1);
      second.process.kill('SIGTERM');
      expect(await second.ended).toEqual({ code: 0, signal: null });
      expect(second.stderr()).toMatch(/wasn't able to delete main bpf prog/);
      expect(balancer.attached()?.name).toBe('xdp_root');
    });

    it('the traffic moves to a successor in one update of the map, over the death of the first, without a loss', async () => {
      const one = await first();
      const packets = balancer.send(VIP4);
      await packets.firstBack;
      one.process.kill('SIGKILL');
      await one.ended;
      const next = await balancer.startKatran([...shared, '-prog_pos=2', `-default_mac=${ROUTER_MAC}`]);
      await balancer.addVip(VIP4, ['10.0.0.2']);
      balancer.root.put(1, xdpProgramsOf(next.pid)[0] ?? 0);
      balancer.root.clear(2);
      await packets.seesMac(ROUTER_MAC);
      const report = await packets.stop();
      expectNoneLost(report);
      expect(report.outerMacs.map(({ mac }) => mac)).toEqual([PUSHED_MAC, ROUTER_MAC]);
    });

    it.each(['SIGKILL', 'SIGSEGV'] as const)(
      '%s leaves the slot filled and forwarding; a successor in a later slot is idle until its program is put there',
      async (signal) => {
        const crash: Settings = signal === 'SIGSEGV' ? { CRASH: 'change-3=SIGSEGV' } : {};
        const one = await first(crash);
        const left = balancer.root.slots();
        if (signal === 'SIGSEGV')
          await balancer.call('addVip', { vip: { address: '10.200.1.9', port: 1, protocol: 6 } });
        else one.process.kill(signal);
        expect(await one.ended).toEqual({ code: null, signal });
        expect(balancer.root.slots()).toEqual(left);
        expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
        const next = await balancer.startKatran([...shared, '-prog_pos=2', `-default_mac=${ROUTER_MAC}`]);
        await balancer.addVip(VIP4, ['10.0.0.2']);
        expect(returnedTo(await send(VIP4))).toEqual(ALL_PUSHED);
        balancer.root.put(1, balancer.root.slots()[2] ?? 0);
        balancer.root.clear(2);
        expect(returnedTo(await send(VIP4))).toEqual({ returned: 200, macs: [ROUTER_MAC] });
        expect(balancer.root.slots()).toEqual({ 1: xdpProgramsOf(next.pid)[0] });
      },
    );
  });
});
