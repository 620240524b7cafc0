// Shared mode with -handover, where no real katran is: the double and BPF programs of our own, and every packet counted.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CallAnswer, KatranCalls } from '../katran/rig/katran-calls.ts';
import { processesIn, tcProgramsOf, xdpProgramsOf } from '../katran/rig/kernel-view.ts';
import {
  attachPass,
  attachRoot,
  type BpfDirectory,
  buildBpf,
  buildKatranDouble,
  makeBpfDirectory,
  makeStage,
  type RootArray,
  type Settings,
  type Stage,
  whyNoBpf,
} from '../support/katran-double/index.ts';
import {
  ARTIFACTS,
  type Artifact,
  BINARY,
  BUNDLE,
  type Ended,
  Running,
  runLauncher,
  scratch,
} from '../support/launcher.ts';
import {
  connect,
  makeNamespace,
  type Namespace,
  removeNamespaces,
  whyNoNamespaces,
} from '../support/netns.ts';
import { PacketStream } from '../support/packets.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { makeTunnels } from '../support/tunnels.ts';

const DEVICE = 'lb0';
const DEVICE_MAC = '02:00:00:00:77:02';
const ROUTER_DEVICE = 'gw0';
const ROUTER_MAC = '02:00:00:00:77:01';
const SERVER = '127.0.0.1:50051';
const VIP = { address: '10.200.1.1', port: 80, protocol: 'udp' } as const;
const ADDED = { address: '10.200.1.50', port: 53, protocol: 'udp' } as const;
const UDP = 17;
/** So many packets run on after everything is over, at a thousand a second. */
const AFTERMATH = 500;
/** The double counts changes of services: a launch with one VIP makes two, the third is the test's. */
const THIRD_CHANGE = 'change-3=SIGSEGV';

const impossible = whyNoNamespaces() ?? whyNoBpf();

describe.skipIf(impossible !== undefined)(
  `a handover of the double with real XDP ${impossible ?? ''}`,
  () => {
    let balancer: Namespace;
    let router: Namespace;
    let directory: BpfDirectory;
    let root: RootArray;
    let files: ReturnType<typeof scratch>;
    let stage: Stage;
    let calls: KatranCalls;
    let within: string[];
    let network: string;
    let binary: string;
    let launchers: Running[] = [];
    let streams: PacketStream[] = [];

    beforeAll(() => void buildKatranDouble(), 120_000);
    beforeEach(() => {
      balancer = makeNamespace('lb');
      router = makeNamespace('gw');
      directory = makeBpfDirectory();
      connect(
        { namespace: balancer, device: DEVICE, addresses: ['10.77.0.2/24'], mac: DEVICE_MAC },
        { namespace: router, device: ROUTER_DEVICE, addresses: ['10.77.0.1/24'], mac: ROUTER_MAC },
      );
      balancer.ip('route replace default via 10.77.0.1');
      attachPass(router, ROUTER_DEVICE, directory);
      root = attachRoot(balancer, DEVICE, directory);
      within = ['ip', 'netns', 'exec', balancer.name];
      network = balancer.run('readlink', '/proc/self/ns/net').trim();
      calls = new KatranCalls(within);
      files = scratch();
      binary = path.join(files.path, 'katran_server_grpc');
      become(`exec "${buildKatranDouble()}" "$@"`);
      give([VIP]);
    });
    afterEach(async () => {
      await Promise.allSettled(streams.map((stream) => stream.stop()));
      await calls.close();
      for (const { pid } of processesIn(network)) process.kill(pid, 'SIGKILL');
      await Promise.all(launchers.map(({ ended }) => ended));
      launchers = [];
      streams = [];
      directory.remove();
      removeNamespaces();
      stage.remove();
      files.remove();
    });

    const servicesFile = (): string => path.join(files.path, 'services.json');

    function give(vips: readonly object[]): void {
      const real = (address: string): object => ({ address, weight: 10, flags: [] });
      const filled = vips.map((vip) => ({ ...vip, flags: [], reals: [real('10.0.0.1'), real('10.0.0.2')] }));
      fs.writeFileSync(servicesFile(), JSON.stringify({ version: 1, vips: filled }), { mode: 0o600 });
    }

    /** What -binary does from now on. */
    function become(text: string): void {
      fs.writeFileSync(`${binary}.new`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      fs.renameSync(`${binary}.new`, binary);
    }

    const katrans = (): number[] =>
      processesIn(network)
        .filter(({ argv }) => (argv[0] ?? '').startsWith('katran_server_grpc'))
        .map(({ pid }) => pid);

    async function up(artifact: Artifact, more: readonly string[] = []): Promise<Running> {
      const flags = [
        ['-run', '-intf', DEVICE, '-binary', binary, '-balancer_bpf', stage.bpfObject, '-server', SERVER],
        ['-forwarding_cores', '0-1', '-lru_size', '1000', '-shutdown_delay', '100'],
        ['-handover', '-map_path', root.path, '-map_pos', '1', '-services', servicesFile(), ...more],
      ];
      const launcher = new Running(artifact, flags.flat(), { within, env: { ...stage.env } });
      launchers.push(launcher);
      await launcher.saysOnStderr(/katran is up and running/);
      return launcher;
    }

    function send({ address, port, protocol }: typeof VIP | typeof ADDED): PacketStream {
      const stream = new PacketStream({
        ...{ namespace: router, device: ROUTER_DEVICE, deviceMac: ROUTER_MAC, toMac: DEVICE_MAC },
        ...{ source: '10.77.0.1', vip: address, port, protocol, perSecond: 1000, count: 200_000 },
      });
      streams.push(stream);
      return stream;
    }

    /** A launcher whose katran forwards numbered packets. */
    async function forwarding(
      artifact: Artifact,
      more: readonly string[] = [],
      settings: Settings = {},
    ): Promise<Running> {
      stage = makeStage({ REAL_XDP: 1, START_DELAY: 0, ...settings });
      const launcher = await up(artifact, more);
      const [katran = 0] = katrans();
      expect(root.slots()).toEqual({ 1: xdpProgramsOf(katran)[0] });
      await send(VIP).firstBack;
      return launcher;
    }

    const call = (method: string, request: object): Promise<CallAnswer> =>
      calls.call(SERVER, method, request);
    const message = ({ address, port }: typeof VIP | typeof ADDED): object => ({
      address,
      port,
      protocol: UDP,
    });

    async function serve(vip: typeof ADDED): Promise<void> {
      await call('addVip', { vip: message(vip) });
      await call('addRealForVip', { vip: message(vip), real: { address: '10.0.0.3', weight: 1 } });
    }

    /** Fulfilled with the pid of the one katran that runs, was not there before, and has the active slot alone. */
    async function successorOf(...before: readonly number[]): Promise<number> {
      let successor = 0;
      await expect
        .poll(
          () => {
            const [katran, ...others] = katrans();
            if (katran === undefined || others.length > 0 || before.includes(katran)) return 'none yet';
            successor = katran;
            const program = xdpProgramsOf(katran)[0];
            return program === undefined ? 'no program' : JSON.stringify(root.slots()) === `{"1":${program}}`;
          },
          { timeout: PATIENCE_MS, interval: 30 },
        )
        .toBe(true);
      return successor;
    }

    async function lostNothing(): Promise<void> {
      const counted = async (): Promise<number> => {
        const { answer } = await call('getStatsForVip', message(VIP));
        return typeof answer === 'object' && answer !== null && 'v1' in answer ? Number(answer.v1) : 0;
      };
      const before = await counted();
      await expect
        .poll(async () => (await counted()) - before, { timeout: PATIENCE_MS })
        .toBeGreaterThan(AFTERMATH);
      for (const { sent, returned, lost, perSecond } of await Promise.all(
        streams.map((stream) => stream.stop()),
      )) {
        expect({ lost, missing: sent - returned }).toEqual({ lost: [], missing: 0 });
        expect(sent).toBeGreaterThan(AFTERMATH);
        expect(perSecond).toBeGreaterThan(500);
      }
      streams = [];
    }

    async function stopLeavesNothing(launcher: Running): Promise<void> {
      launcher.kill('SIGTERM');
      const { status, stderr } = await launcher.ended;
      expect(status, stderr).toBe(0);
      expect(root.slots()).toEqual({});
      expect(katrans()).toEqual([]);
    }

    const handover = (artifact: Artifact): Promise<Ended> =>
      runLauncher(artifact, ['handover', '-intf', DEVICE], { within });

    async function killed(launcher: Running, ...more: readonly number[]): Promise<void> {
      const gone = new Promise((resolve) => launcher.child.once('exit', resolve));
      launcher.kill('SIGKILL');
      for (const pid of more) process.kill(pid, 'SIGKILL');
      await gone;
    }

    describe.each(ARTIFACTS)('with $name', (artifact) => {
      it('by command loses no packet, and a stop leaves nothing', async () => {
        const launcher = await forwarding(artifact);
        const before = katrans();
        const { status, stderr } = await handover(artifact);
        expect(status, stderr).toBe(0);
        expect(stderr).toMatch(/katran \(pid \d+\) took over from katran \(pid \d+\) in \d+ ms/);
        await successorOf(...before);
        await lostNothing();
        await stopLeavesNothing(launcher);
      });

      it('after SIGKILL of the launcher is made by the next start, from the katran that goes on', async () => {
        const first = await forwarding(artifact);
        const before = katrans();
        await killed(first);
        // Not in the file: the katran that goes on is asked.
        await serve(ADDED);
        await send(ADDED).firstBack;
        const next = await up(artifact);
        expect(next.stderr).toContain('taking over from it');
        await successorOf(...before);
        await lostNothing();
        await stopLeavesNothing(next);
      });
    });

    it('after SIGSEGV of katran is made by the launcher itself', async () => {
      const launcher = await forwarding(BINARY, [], { CRASH: THIRD_CHANGE });
      const before = katrans();
      await call('addVip', { vip: message(ADDED) });
      await launcher.saysOnStderr(/its program in slot 1 of .* forwards on/);
      await successorOf(...before);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    it('after SIGKILL of the launcher and of katran, as systemd kills a unit, is made from the file that was kept', async () => {
      const first = await forwarding(BINARY, ['-keep_services']);
      await serve(ADDED);
      await send(ADDED).firstBack;
      first.kill('SIGHUP');
      await expect
        .poll(() => fs.readFileSync(servicesFile(), 'utf8'), { timeout: PATIENCE_MS })
        .toContain(ADDED.address);
      const before = katrans();
      await killed(first, ...before);
      const next = await up(BUNDLE, ['-keep_services']);
      expect(next.stderr).toContain('of a katran that has ended, which forwards; taking over from it');
      await successorOf(...before);
      await lostNothing();
      await stopLeavesNothing(next);
    });

    it('to a katran that never comes up is given up: the old one goes on, and the command says why', async () => {
      const launcher = await forwarding(BINARY, ['-start_timeout', '2000']);
      const before = katrans();
      const slots = root.slots();
      become('exec sleep 600');
      const { status, stderr } = await handover(BINARY);
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /given up: .* \(-start_timeout\).* goes on; katran's own lines are in the launcher's log/,
      );
      expect(katrans()).toEqual(before);
      expect(root.slots()).toEqual(slots);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    it('to a katran that dies while it is given its services is given up, and the old one keeps them', async () => {
      const launcher = await forwarding(BINARY);
      const before = katrans();
      stage.control({ CRASH: 'change-2=SIGSEGV' });
      const { status, stderr } = await handover(BINARY);
      expect(status).toBe(1);
      expect(stderr).toContain(`katran (pid ${before[0]}) goes on`);
      expect(katrans()).toEqual(before);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    it('five times in a row loses no packet', async () => {
      const launcher = await forwarding(BINARY);
      const seen = katrans();
      for (let round = 0; round < 5; round += 1) {
        const { status, stderr } = await handover(BINARY);
        expect(status, stderr).toBe(0);
        seen.push(await successorOf(...seen));
      }
      expect(new Set(seen).size).toBe(6);
      await lostNothing();
      await stopLeavesNothing(launcher);
    });

    describe('with healthchecking leaves', () => {
      let hc: string[];
      beforeEach(() => {
        makeTunnels(balancer);
        hc = ['-enable_hc', '-hc_bpf', buildBpf('healthcheck')];
      });

      /** Programs of the filters where packets leave, the newest first. */
      function filters(): number[] {
        const shown: unknown = JSON.parse(
          balancer.run('tc', '-j', 'filter', 'show', 'dev', DEVICE, 'egress') || '[]',
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
          seen.push(await successorOf(...seen));
          await oneFilter();
          process.kill(seen.at(-1) ?? 0, 'SIGSEGV');
          seen.push(await successorOf(...seen));
          await first.saysOnStderr(/(katran is up and running[^]*){3}/);
          await oneFilter();
          await killed(first);
          const next = await up(BINARY, hc);
          await successorOf(...seen);
          await oneFilter();
          await killed(next, ...katrans());
          const last = await up(BINARY, hc);
          await oneFilter();
          await stopLeavesNothing(last);
          expect(filters()).toEqual([]);
        },
      );

      it('the old katran’s filter alone when the next one dies once it has added its own', async () => {
        const launcher = await forwarding(BINARY, hc);
        const before = filters();
        stage.control({ CRASH: 'after-port=SIGSEGV' });
        expect((await handover(BINARY)).status).toBe(1);
        expect(filters()).toEqual(before);
        await oneFilter();
        await stopLeavesNothing(launcher);
        expect(filters()).toEqual([]);
      });
    });

    it('without the staging slot in the array, or without the array, is refused before anything is started', async () => {
      stage = makeStage({ REAL_XDP: 1 });
      const refused = (...flags: string[]): Promise<Ended> =>
        runLauncher(
          BINARY,
          [
            ...['-run', '-intf', DEVICE, '-binary', binary, '-balancer_bpf', stage.bpfObject, '-handover'],
            ...['-forwarding_cores', '0-1', '-lru_size', '1000', '-map_path', root.path, ...flags],
          ],
          { within, env: { ...stage.env } },
        );
      expect(await refused('-map_pos', '2')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('has slots 0 to 2; give -map_pos 0 to 1') as string,
      });
      expect(await refused('-map_pos', '1', '-map_path', `${root.path}x`)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('cannot look at the root array') as string,
      });
      expect(stage.journal()).toEqual([]);
    });
  },
);
