// Shared mode with -handover: katran is replaced, dies, or loses its launcher, and no packet is lost over it.
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import type { Ended, Running } from '../support/launcher.ts';
import { expectNothingLost } from '../support/nothing-lost.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { vipWith, writeServices } from '../support/services-file.ts';
import { writeScript } from '../support/shell-script.ts';
import { successorOf } from '../support/successor.ts';
import { VIP4, VIP6, type Vip } from '../support/vips.ts';
import { DEVICE } from '../support/wire.ts';
import { type Balancer, NOTHING } from './rig/balancer.ts';
import { realFile, whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer } from './rig/scene.ts';

const KATRAN = realFile('katran_server_grpc');
const ADDED: Vip = { address: '10.200.1.50', port: 53, protocol: 'udp' };
const TWENTY_REALS = Array.from({ length: 20 }, (_, index) => `10.0.0.${index + 1}`);

/** The two VIPs that packets are sent to, and so many more. */
function services(more = 0): object {
  const others = Array.from({ length: more }, (_, index) => ({ ...VIP4, address: `10.201.0.${index + 1}` }));
  return {
    version: 1,
    vips: [
      ...[VIP4, ...others].map((vip) => vipWith(vip, TWENTY_REALS)),
      vipWith(VIP6, ['fd30::1', 'fd30::2']),
    ],
  };
}

describeUnless(whyNoRealKatran(), 'a handover of the real katran', () => {
  let balancer: Balancer;
  let binary: string;
  let file: string;
  let flags: string[];
  eachWithBalancer((made, files) => {
    balancer = made;
    binary = path.join(files.path, 'katran_server_grpc');
    file = path.join(files.path, 'services.json');
  });
  beforeEach(() => {
    balancer.share();
    writeScript(binary, `exec "${KATRAN}" "$@"`);
    writeServices(file, services());
    flags = ['-handover', '-binary', binary, '-start_timeout', '20000', '-services', file];
  });

  /** A launcher whose katran forwards numbered packets of both VIPs. */
  async function forwarding(): Promise<Running> {
    const launcher = await balancer.up(flags);
    expect(balancer.slots()).toEqual({ 1: balancer.programOf() });
    await Promise.all([VIP4, VIP6].map((vip) => balancer.send(vip).firstBack));
    return launcher;
  }

  /** Gives katran a VIP that is not in the file, and packets to it. */
  async function serveAnother(): Promise<void> {
    await balancer.addVip(ADDED, ['10.0.0.1']);
    await balancer.send(ADDED).firstBack;
  }

  async function succeeded(...predecessors: readonly number[]): Promise<number> {
    const successor = await successorOf(balancer, predecessors);
    balancer.remember();
    return successor;
  }

  async function stopLeavesNothing(launcher: Running): Promise<void> {
    const { status, stderr } = await launcher.stop();
    expect(status, stderr).toBe(0);
    expect(await balancer.left()).toEqual(NOTHING);
  }

  const command = (): Promise<Ended> => balancer.command(['handover', '-intf', DEVICE]);

  it('by command loses no packet, and a stop leaves nothing', async () => {
    const launcher = await forwarding();
    const first = balancer.katran();
    const { status, stderr } = await command();
    expect(status, stderr).toBe(0);
    await succeeded(first);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it('by SIGUSR2 to the launcher loses no packet', async () => {
    const launcher = await forwarding();
    const first = balancer.katran();
    launcher.kill('SIGUSR2');
    await succeeded(first);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it.each(['SIGSEGV', 'SIGKILL', 'SIGTERM'] as const)(
    'after %s of katran is made by the launcher itself and loses no packet',
    async (signal) => {
      const launcher = await forwarding();
      const first = balancer.katran();
      process.kill(first, signal);
      await succeeded(first);
      // A katran that ends in order empties the slot it was started in, which is the staging slot: nothing is lost either.
      await expectNothingLost(balancer);
      await stopLeavesNothing(launcher);
    },
  );

  it('after SIGKILL of the launcher is made by the next start, and loses no packet', async () => {
    const killed = await forwarding();
    const first = balancer.katran();
    await killed.killAlone();
    const next = await balancer.up(flags);
    await succeeded(first);
    await expectNothingLost(balancer);
    await stopLeavesNothing(next);
  });

  it('after SIGKILL of the launcher and of katran, as systemd kills a unit, is made from the file that was kept', async () => {
    flags.push('-keep_services');
    const killed = await forwarding();
    await serveAnother();
    await expect.poll(() => fs.readFileSync(file, 'utf8'), { timeout: PATIENCE_MS }).toContain(ADDED.address);
    const first = balancer.katran();
    killed.kill('SIGKILL');
    process.kill(first, 'SIGKILL');
    await killed.ended;
    const next = await balancer.up(flags);
    await succeeded(first);
    await expectNothingLost(balancer);
    await stopLeavesNothing(next);
  });

  it.each([
    ['ends at once', 'exit 7'],
    ['never answers', 'exec sleep 600'],
    ['cannot attach', `exec "${KATRAN}" "$@" -numa_nodes=0`],
  ])('to a katran that %s is given up: the old one goes on, and the command says why', async (_how, text) => {
    flags.push('-start_timeout', '4000');
    const launcher = await forwarding();
    const first = balancer.katran();
    const slots = balancer.slots();
    writeScript(binary, text);
    const { status, stderr, stdout } = await command();
    expect(status).toBe(1);
    expect(stderr + stdout).toMatch(/katran|start_timeout/);
    expect(balancer.katran()).toBe(first);
    expect(balancer.slots()).toEqual(slots);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it('twenty times in a row loses no packet', { timeout: 180_000 }, async () => {
    const launcher = await forwarding();
    const seen = [balancer.katran()];
    for (let round = 0; round < 20; round += 1) {
      const { status, stderr } = await command();
      expect(status, stderr).toBe(0);
      seen.push(await succeeded(...seen));
    }
    expect(new Set(seen).size).toBe(21);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it('takes the services that katran has now, not those of the file', async () => {
    const launcher = await forwarding();
    await serveAnother();
    const first = balancer.katran();
    expect((await command()).status).toBe(0);
    await succeeded(first);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it.each([10, 100])(
    'with %i VIPs loses no packet; its time is printed',
    { timeout: 120_000 },
    async (count) => {
      writeServices(file, services(count - 2));
      const launcher = await forwarding();
      const first = balancer.katran();
      const begun = performance.now();
      const { status, stderr } = await command();
      const ms = Math.round(performance.now() - begun);
      expect(status, stderr).toBe(0);
      await succeeded(first);
      console.log(`handover with ${count} VIPs: ${ms} ms`);
      await expectNothingLost(balancer);
      await stopLeavesNothing(launcher);
    },
  );

  it(
    'is made five times in ten minutes at most: then the launcher ends, and the slot goes on forwarding',
    { timeout: 120_000 },
    async () => {
      const launcher = await forwarding();
      const seen = [balancer.katran()];
      for (let death = 0; death < 5; death += 1) {
        process.kill(balancer.katran(), 'SIGKILL');
        seen.push(await succeeded(...seen));
      }
      const slots = balancer.slots();
      process.kill(balancer.katran(), 'SIGKILL');
      expect((await launcher.ended).status).not.toBe(0);
      expect(balancer.slots()).toEqual(slots);
      expect(await balancer.send(VIP4, 1000, 500).report).toMatchObject({ returned: 500, lost: [] });
    },
  );

  it('of a stop that was asked for empties the active slot', async () => {
    const launcher = await balancer.up(flags);
    await stopLeavesNothing(launcher);
  });
});
