// What the launcher does with a real katran_server_grpc, seen from the packets' end.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { ARTIFACTS } from '../support/launcher.ts';
import { expectNoneLost } from '../support/nothing-lost.ts';
import { VIP4 } from '../support/vips.ts';
import { ROUTER_DEVICE, ROUTER_MAC } from '../support/wire.ts';
import { type Balancer, NOTHING } from './rig/balancer.ts';
import { expectForwarding } from './rig/expect-forwarding.ts';
import { realFile, whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer, type Scratch } from './rig/scene.ts';

const NEW_MAC = '02:00:00:00:77:99';

describeUnless(whyNoRealKatran(), 'a launch of the real katran', () => {
  let balancer: Balancer;
  let files: Scratch;
  eachWithBalancer((made, folder) => ([balancer, files] = [made, folder]));

  it.each(ARTIFACTS)(
    'by $name is up with the MAC of the router and its program attached, and a stop leaves nothing',
    async (artifact) => {
      const launcher = await balancer.up([], artifact);
      expect(launcher.stderr).toMatch(new RegExp(`Mac address is ${ROUTER_MAC}\n`));
      expect(await balancer.call('getMac', {})).toEqual({ answer: { mac: ROUTER_MAC } });
      expect(balancer.attached()).toMatchObject({ id: balancer.programOf(), mode: 'native' });
      expect(await launcher.stop()).toMatchObject({ status: 0, signal: null });
      expect(await balancer.left()).toEqual(NOTHING);
    },
  );

  it('sends the packets of an IPv4 and of an IPv6 VIP to the router’s MAC, which it found by itself', async () => {
    await balancer.up();
    await balancer.addVips();
    await expectForwarding(balancer);
  });

  it('follows a router that gets another MAC, and loses no packet over it', async () => {
    const launcher = await balancer.up();
    await balancer.addVips();
    const packets = balancer.send(VIP4);
    await packets.seesMac(ROUTER_MAC);
    balancer.router.setMac(ROUTER_DEVICE, NEW_MAC);
    await packets.seesMac(NEW_MAC);
    expect(await balancer.call('getMac', {})).toEqual({ answer: { mac: NEW_MAC } });
    const report = await packets.stop();
    expectNoneLost(report);
    expect(report.outerMacs.map(({ mac }) => mac)).toEqual([ROUTER_MAC, NEW_MAC]);
    expect(launcher.stderr).toContain(NEW_MAC);
  });

  it('of a release whose getMac ends with a colon is up, and follows the MAC', async () => {
    const launcher = await balancer.up(['-binary', realFile('katran_server_grpc_oldmac')]);
    expect(await balancer.call('getMac', {})).toEqual({ answer: { mac: `${ROUTER_MAC}:` } });
    await balancer.addVips();
    const packets = balancer.send(VIP4);
    await packets.firstBack;
    balancer.router.setMac(ROUTER_DEVICE, NEW_MAC);
    await packets.seesMac(NEW_MAC);
    await packets.stop();
    expect(launcher.stderr).not.toMatch(/ (warning|error): /);
  });

  it('in shared mode fills its slot of the root array, forwards, and a stop empties the slot', async () => {
    balancer.share();
    const root = balancer.attached();
    const launcher = await balancer.up();
    expect(balancer.slots()).toEqual({ 1: balancer.programOf() });
    await balancer.addVips();
    expect(await balancer.send(VIP4, 1000, 500).report).toMatchObject({ returned: 500, lost: [] });
    expect(await launcher.stop()).toMatchObject({ status: 0 });
    expect(await balancer.left()).toEqual(NOTHING);
    expect(balancer.attached()).toEqual(root);
  });

  it('is not hindered by the program that a dead katran left on the interface', async () => {
    const first = await balancer.up();
    const dead = balancer.programOf();
    process.kill(balancer.katran(), 'SIGKILL');
    expect((await first.ended).status).toBe(128 + 9);
    expect(balancer.attached()).toMatchObject({ id: dead });
    const second = await balancer.up();
    expect(balancer.attached()).toMatchObject({ id: balancer.programOf() });
    await second.stop();
    expect(await balancer.left()).toEqual(NOTHING);
  });

  it('that cannot start ends with katran’s own status, and leaves nothing', async () => {
    const object = path.join(files.path, 'no-object.o');
    fs.writeFileSync(object, '\x7fELF and nothing more');
    const { status, stderr } = await balancer.launch(['-balancer_bpf', object]).ended;
    expect(status, stderr).not.toBe(0);
    expect(stderr).not.toMatch(/is up and running/);
    expect(await balancer.left()).toEqual(NOTHING);
  });
});
