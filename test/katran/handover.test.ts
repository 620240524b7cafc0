// Shared mode with -handover: katran is replaced, dies, or loses its launcher, and no packet is lost over it.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratch, type Ended, type Running } from '../support/launcher.ts';
import type { PacketStream } from '../support/packets.ts';
import { Balancer, DEVICE, NOTHING, VIP4, VIP6 } from './rig/balancer.ts';
import { realFile, whyNoRealKatran } from './rig/real-katran.ts';

const reason = whyNoRealKatran();
/** A second, at 1000 packets a second: what a fault has to show itself in after everything is over. */
const AFTERMATH = 1000n;

/** So many IPv4 VIPs with twenty reals each, and the two that packets are sent to. */
function services(more = 0): object {
  const real = (address: string): object => ({ address, weight: 10, flags: [] });
  const vip = (address: string): object => ({
    ...VIP4,
    address,
    flags: [],
    reals: Array.from({ length: 20 }, (_, index) => real(`10.0.0.${index + 1}`)),
  });
  return {
    version: 1,
    vips: [
      vip(VIP4.address),
      ...Array.from({ length: more }, (_, index) => vip(`10.201.0.${index + 1}`)),
      { ...VIP6, flags: [], reals: [real('fd30::1'), real('fd30::2')] },
    ],
  };
}

describe.skipIf(reason !== undefined)(
  `a handover of the real katran${reason === undefined ? '' : `: ${reason}`}`,
  () => {
    let balancer: Balancer;
    let files: ReturnType<typeof scratch>;
    let binary: string;
    let flags: string[];
    let streams: PacketStream[] = [];

    beforeEach(async () => {
      balancer = await Balancer.make();
      balancer.share();
      files = scratch();
      binary = path.join(files.path, 'katran_server_grpc');
      become(`exec "${realFile('katran_server_grpc')}" "$@"`);
      give(services());
      flags = [
        ...['-handover', '-binary', binary, '-start_timeout', '20000'],
        ...['-services', path.join(files.path, 'services.json')],
      ];
    });
    afterEach(async () => {
      streams = [];
      await balancer.remove();
      files.remove();
    });

    /** What -binary does from now on. */
    function become(text: string): void {
      const next = `${binary}.new`;
      fs.writeFileSync(next, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      fs.renameSync(next, binary);
    }
    const give = (file: object): void =>
      fs.writeFileSync(path.join(files.path, 'services.json'), JSON.stringify(file), { mode: 0o600 });

    /** A launcher whose katran forwards numbered packets of both VIPs. */
    async function forwarding(): Promise<Running> {
      const launcher = await balancer.up(flags);
      expect(balancer.slots()).toEqual({ 1: balancer.programOf() });
      streams = [VIP4, VIP6].map((vip) => balancer.send(vip));
      await Promise.all(streams.map(({ firstBack }) => firstBack));
      return launcher;
    }

    /** Fulfilled with the pid of the one katran that runs, is not one of these, and has the active slot. */
    async function successorOf(...predecessors: readonly number[]): Promise<number> {
      let successor = 0;
      await expect
        .poll(
          () => {
            const [katran, ...others] = balancer.katrans();
            if (katran === undefined || others.length > 0 || predecessors.includes(katran.pid)) return {};
            successor = katran.pid;
            return { slots: balancer.slots(), program: balancer.programIfAny(successor) };
          },
          { timeout: 40_000, interval: 50 },
        )
        .toSatisfy(({ slots, program }: { slots?: object; program?: number }) => {
          return program !== undefined && JSON.stringify(slots) === JSON.stringify({ 1: program });
        });
      balancer.remember();
      return successor;
    }

    /** Lets packets run on for a second, and expects that each that was ever sent came back. */
    async function lostNothing(): Promise<void> {
      const before = await balancer.counted(VIP4);
      await expect
        .poll(async () => (await balancer.counted(VIP4)) - before, { timeout: 30_000 })
        .toBeGreaterThan(AFTERMATH);
      const reports = await Promise.all(streams.map((stream) => stream.stop()));
      for (const { sent, returned, lost, perSecond } of reports) {
        expect({ lost, missing: sent - returned }).toEqual({ lost: [], missing: 0 });
        expect(sent).toBeGreaterThan(1000);
        expect(perSecond).toBeGreaterThan(500);
      }
    }

    async function stopLeavesNothing(launcher: Running): Promise<void> {
      launcher.kill('SIGTERM');
      const { status, stderr } = await launcher.ended;
      expect(status, stderr).toBe(0);
      expect(await balancer.left()).toEqual(NOTHING);
    }

    const command = (): Promise<Ended> => balancer.command(['handover', '-intf', DEVICE]);

    it('by command loses no packet, and a stop leaves nothing', async () => {
      const launcher = await forwarding();
      const first = balancer.katran();
      const { status, stderr } = await command();
      expect(status, stderr).toBe(0);
      await successorOf(first);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    it('by SIGUSR2 to the launcher loses no packet', async () => {
      const launcher = await forwarding();
      const first = balancer.katran();
      launcher.kill('SIGUSR2');
      await successorOf(first);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    it.each(['SIGSEGV', 'SIGKILL', 'SIGTERM'] as const)(
      'after %s of katran is made by the launcher itself and loses no packet',
      async (signal) => {
        const launcher = await forwarding();
        const first = balancer.katran();
        process.kill(first, signal);
        await successorOf(first);
        // A katran that ends in order empties the slot it was started in, which is the staging slot: nothing is lost either.
        await lostNothing();
        await stopLeavesNothing(launcher);
      },
    );

    it('after SIGKILL of the launcher is made by the next start, and loses no packet', async () => {
      const killed = await forwarding();
      const first = balancer.katran();
      await balancer.killLauncher(killed);
      const next = await balancer.up(flags);
      await successorOf(first);
      await lostNothing();
      await stopLeavesNothing(next);
    });

    it('after SIGKILL of the launcher and of katran, as systemd kills a unit, is made from the file that was kept', async () => {
      flags.push('-keep_services');
      const killed = await forwarding();
      const added = { address: '10.200.1.50', port: 53, protocol: 'udp' } as const;
      await balancer.addVip(added, ['10.0.0.1']);
      const packets = balancer.send(added);
      streams.push(packets);
      await packets.firstBack;
      const file = path.join(files.path, 'services.json');
      await expect.poll(() => fs.readFileSync(file, 'utf8'), { timeout: 20_000 }).toContain(added.address);
      const first = balancer.katran();
      killed.kill('SIGKILL');
      process.kill(first, 'SIGKILL');
      await killed.ended;
      const next = await balancer.up(flags);
      await successorOf(first);
      await lostNothing();
      await stopLeavesNothing(next);
    });

    it.each([
      ['ends at once', 'exit 7'],
      ['never answers', 'exec sleep 600'],
      ['cannot attach', `exec "${realFile('katran_server_grpc')}" "$@" -numa_nodes=0`],
    ])(
      'to a katran that %s is given up: the old one goes on, and the command says why',
      async (_how, text) => {
        flags.push('-start_timeout', '4000');
        const launcher = await forwarding();
        const first = balancer.katran();
        const slots = balancer.slots();
        become(text);
        const { status, stderr, stdout } = await command();
        expect(status).toBe(1);
        expect(stderr + stdout).toMatch(/katran|start_timeout/);
        expect(balancer.katran()).toBe(first);
        expect(balancer.slots()).toEqual(slots);
        await lostNothing();
        await stopLeavesNothing(launcher);
      },
    );

    it('twenty times in a row loses no packet', { timeout: 180_000 }, async () => {
      const launcher = await forwarding();
      const seen = [balancer.katran()];
      for (let round = 0; round < 20; round += 1) {
        const { status, stderr } = await command();
        expect(status, stderr).toBe(0);
        seen.push(await successorOf(...seen));
      }
      expect(new Set(seen).size).toBe(21);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    it('takes the services that katran has now, not those of the file', async () => {
      const launcher = await forwarding();
      const added = { address: '10.200.1.50', port: 53, protocol: 'udp' } as const;
      await balancer.addVip(added, ['10.0.0.1']);
      const first = balancer.katran();
      const packets = balancer.send(added);
      streams.push(packets);
      await packets.firstBack;
      expect((await command()).status).toBe(0);
      await successorOf(first);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    it.each([10, 100])(
      'with %i VIPs loses no packet; its time is printed',
      { timeout: 120_000 },
      async (count) => {
        give(services(count - 2));
        const launcher = await forwarding();
        const first = balancer.katran();
        const begun = performance.now();
        const { status, stderr } = await command();
        const ms = Math.round(performance.now() - begun);
        expect(status, stderr).toBe(0);
        await successorOf(first);
        console.log(`handover with ${count} VIPs: ${ms} ms`);
        await lostNothing();
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
          seen.push(await successorOf(...seen));
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
  },
);
