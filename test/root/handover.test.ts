// Shared mode with -handover, where no real katran is: the double and BPF programs of our own, and every packet counted.
import fs from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { buildBpf, buildKatranDouble, whyNoBpf } from '../support/katran-double/index.ts';
import { tcProgramsOf } from '../support/kernel-view.ts';
import { ARTIFACTS, type Artifact, BINARY, BUNDLE, type Ended, type Running } from '../support/launcher.ts';
import { whyNoNamespaces } from '../support/netns.ts';
import { expectNothingLost } from '../support/nothing-lost.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { vipWith, writeServices } from '../support/services-file.ts';
import { writeScript } from '../support/shell-script.ts';
import { successorOf } from '../support/successor.ts';
import { makeTunnels } from '../support/tunnels.ts';
import { VIP4, vipMessage, type Vip } from '../support/vips.ts';
import { DEVICE } from '../support/wire.ts';
import type { DoubleBalancer } from './rig/double-balancer.ts';
import { eachWithDoubleBalancer } from './rig/scene.ts';

const ADDED: Vip = { address: '10.200.1.50', port: 53, protocol: 'udp' };
/** The double counts changes of services: a launch with one VIP makes two, the third is the test's. */
const THIRD_CHANGE = 'change-3=SIGSEGV';

describeUnless(whyNoNamespaces() ?? whyNoBpf(), 'a handover of the double with real XDP', () => {
  let balancer: DoubleBalancer;
  let binary: string;
  let services: string;
  eachWithDoubleBalancer((made) => (balancer = made));
  beforeEach(() => {
    balancer.share();
    binary = path.join(balancer.stage.directory, 'katran_server_grpc');
    services = path.join(balancer.stage.directory, 'services.json');
    writeScript(binary, `exec "${buildKatranDouble()}" "$@"`);
    writeServices(services, { version: 1, vips: [vipWith(VIP4, ['10.0.0.1', '10.0.0.2'])] });
  });

  const katrans = (): number[] => balancer.katrans().map(({ pid }) => pid);
  const up = (artifact: Artifact, more: readonly string[] = []): Promise<Running> =>
    balancer.up(['-handover', '-binary', binary, '-services', services, ...more], artifact);

  /** A launcher whose katran forwards numbered packets. */
  async function forwarding(artifact: Artifact, more: readonly string[] = []): Promise<Running> {
    const launcher = await up(artifact, more);
    expect(balancer.slots()).toEqual({ 1: balancer.programOf() });
    await balancer.send(VIP4).firstBack;
    return launcher;
  }

  /** Gives katran a VIP that is not in the file, and packets to it. */
  async function serveAnother(): Promise<void> {
    await balancer.addVip(ADDED, ['10.0.0.3']);
    await balancer.send(ADDED).firstBack;
  }

  async function stopLeavesNothing(launcher: Running): Promise<void> {
    const { status, stderr } = await launcher.stop();
    expect(status, stderr).toBe(0);
    expect(balancer.slots()).toEqual({});
    expect(katrans()).toEqual([]);
  }

  const handover = (artifact: Artifact): Promise<Ended> =>
    balancer.command(['handover', '-intf', DEVICE], artifact);

  describe.each(ARTIFACTS)('with $name', (artifact) => {
    it('by command loses no packet, and a stop leaves nothing', async () => {
      const launcher = await forwarding(artifact);
      const before = katrans();
      const { status, stderr } = await handover(artifact);
      expect(status, stderr).toBe(0);
      expect(stderr).toMatch(/katran \(pid \d+\) took over from katran \(pid \d+\) in \d+ ms/);
      await successorOf(balancer, before);
      await expectNothingLost(balancer);
      await stopLeavesNothing(launcher);
    });

    it('after SIGKILL of the launcher is made by the next start, from the katran that goes on', async () => {
      const first = await forwarding(artifact);
      const before = katrans();
      await first.killAlone();
      // Not in the file: the katran that goes on is asked.
      await serveAnother();
      const next = await up(artifact);
      expect(next.stderr).toContain('taking over from it');
      await successorOf(balancer, before);
      await expectNothingLost(balancer);
      await stopLeavesNothing(next);
    });
  });

  it('after SIGSEGV of katran is made by the launcher itself', async () => {
    const launcher = await forwarding(BINARY);
    balancer.stage.control({ CRASH: THIRD_CHANGE });
    const before = katrans();
    await balancer.call('addVip', { vip: vipMessage(ADDED) });
    await launcher.saysOnStderr(/its program in slot 1 of .* forwards on/);
    await successorOf(balancer, before);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it('after SIGKILL of the launcher and of katran, as systemd kills a unit, is made from the file that was kept', async () => {
    const first = await forwarding(BINARY, ['-keep_services']);
    await serveAnother();
    first.kill('SIGHUP');
    await expect
      .poll(() => fs.readFileSync(services, 'utf8'), { timeout: PATIENCE_MS })
      .toContain(ADDED.address);
    const before = katrans();
    first.kill('SIGKILL');
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await first.ended;
    const next = await up(BUNDLE, ['-keep_services']);
    expect(next.stderr).toContain('of a katran that has ended, which forwards; taking over from it');
    await successorOf(balancer, before);
    await expectNothingLost(balancer);
    await stopLeavesNothing(next);
  });

  it('to a katran that never comes up is given up: the old one goes on, and the command says why', async () => {
    const launcher = await forwarding(BINARY, ['-start_timeout', '2000']);
    const before = katrans();
    const slots = balancer.slots();
    writeScript(binary, 'exec sleep 600');
    const { status, stderr } = await handover(BINARY);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /given up: .* \(-start_timeout\).* goes on; katran's own lines are in the launcher's log/,
    );
    expect(katrans()).toEqual(before);
    expect(balancer.slots()).toEqual(slots);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it('to a katran that dies while it is given its services is given up, and the old one keeps them', async () => {
    const launcher = await forwarding(BINARY);
    const before = katrans();
    balancer.stage.control({ CRASH: 'change-2=SIGSEGV' });
    const { status, stderr } = await handover(BINARY);
    expect(status).toBe(1);
    expect(stderr).toContain(`katran (pid ${before[0]}) goes on`);
    expect(katrans()).toEqual(before);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  it('five times in a row loses no packet', async () => {
    const launcher = await forwarding(BINARY);
    const seen = katrans();
    for (let round = 0; round < 5; round += 1) {
      const { status, stderr } = await handover(BINARY);
      expect(status, stderr).toBe(0);
      seen.push(await successorOf(balancer, seen));
    }
    expect(new Set(seen).size).toBe(6);
    await expectNothingLost(balancer);
    await stopLeavesNothing(launcher);
  });

  describe('with healthchecking leaves', () => {
    let hc: string[];
    beforeEach(() => {
      makeTunnels(balancer.host);
      hc = ['-enable_hc', '-hc_bpf', buildBpf('healthcheck')];
    });

    /** Programs of the filters where packets leave, the newest first. */
    function filters(): number[] {
      const shown: unknown = JSON.parse(
        balancer.host.run('tc', '-j', 'filter', 'show', 'dev', DEVICE, 'egress') || '[]',
      );
      const ids = [...JSON.stringify(shown).matchAll(/"prog":\{"id":(\d+)/g)];
      return ids.map(([, id]) => Number(id));
    }

    /** Until the one katran's filter is the only one. */
    async function oneFilter(): Promise<void> {
      await expect
        .poll(() => [katrans().flatMap(tcProgramsOf), filters()], { timeout: PATIENCE_MS })
        .toSatisfy(
          ([held = [], there = []]: number[][]) =>
            held.length === 1 && held[0] === there[0] && there.length === 1,
        );
    }

    it(
      'one filter, the new katran’s, whatever ended the old one, and none after a stop',
      { timeout: 180_000 },
      async () => {
        const first = await forwarding(BINARY, hc);
        await oneFilter();
        const seen = katrans();
        const { status, stderr } = await handover(BINARY);
        expect(status, stderr).toBe(0);
        seen.push(await successorOf(balancer, seen));
        await oneFilter();
        process.kill(seen.at(-1) ?? 0, 'SIGSEGV');
        seen.push(await successorOf(balancer, seen));
        await first.saysOnStderr(/(katran is up and running[^]*){3}/);
        await oneFilter();
        await first.killAlone();
        const next = await up(BINARY, hc);
        await successorOf(balancer, seen);
        await oneFilter();
        next.kill('SIGKILL');
        process.kill(balancer.katran(), 'SIGKILL');
        await next.ended;
        const last = await up(BINARY, hc);
        await oneFilter();
        await stopLeavesNothing(last);
        expect(filters()).toEqual([]);
      },
    );

    it('the old katran’s filter alone when the next one dies once it has added its own', async () => {
      const launcher = await forwarding(BINARY, hc);
      const before = filters();
      balancer.stage.control({ CRASH: 'after-port=SIGSEGV' });
      expect((await handover(BINARY)).status).toBe(1);
      expect(filters()).toEqual(before);
      await oneFilter();
      await stopLeavesNothing(launcher);
      expect(filters()).toEqual([]);
    });
  });

  it('without the staging slot in the array, or without the array, is refused before anything is started', async () => {
    const refused = (...flags: string[]): Promise<Ended> => balancer.launch(['-handover', ...flags]).ended;
    expect(await refused('-map_pos', '2')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has slots 0 to 2; give -map_pos 0 to 1') as string,
    });
    expect(await refused('-map_path', `${balancer.root.path}x`)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('cannot look at the root array') as string,
    });
    expect(balancer.stage.journal()).toEqual([]);
  });
});
