// Up means forwarding: what the launcher says and does when katran answers but its packets go nowhere, or to the wrong place.
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import type { Ended } from '../support/launcher.ts';
import { connect, makeNamespace } from '../support/netns.ts';
import { writeScript } from '../support/shell-script.ts';
import { VIP4 } from '../support/vips.ts';
import { DEVICE, OTHER_SERVER, ROUTER_MAC } from '../support/wire.ts';
import { type Balancer, NOTHING, ROOT_ARRAY } from './rig/balancer.ts';
import { realFile, whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer, type Scratch } from './rig/scene.ts';

/** A look at SIGHUP is one that no round can have made. */
const NO_ROUNDS = ['-gateway_interval', '600000'];
const ZERO_MAC = '00:00:00:00:00:00';
const FOREIGN_MAC = '02:00:00:00:77:55';
/** What the launcher must never be seen to do is waited for that long: many rounds of 200 ms. */
const MANY_ROUNDS_MS = 2000;

const linesOf = ({ stderr }: { readonly stderr: string }): string[] => stderr.split('\n');
const errorsOn = (place: string): RegExp => new RegExp(` error: .*\\b${place}\\b`);

describeUnless(whyNoRealKatran(), 'a real katran that is up', () => {
  let balancer: Balancer;
  let files: Scratch;
  eachWithBalancer((made, folder) => ([balancer, files] = [made, folder]));

  /** Not every kernel has each of these. */
  function addDeviceWithoutNativeXdp(name: string): void {
    const type = ['dummy', 'ifb', 'bridge'].find((candidate) => {
      try {
        balancer.host.ip(`link add ${name} type ${candidate}`);
        return true;
      } catch {
        return false;
      }
    });
    if (type === undefined) throw new Error('this kernel has no device without XDP of its own');
  }

  describe('whose program is gone from the interface', () => {
    it('is an error that names the interface; katran is stopped in order and the exit status is 1', async () => {
      const launcher = await balancer.up();
      balancer.detach();
      const ended = await launcher.ended;
      expect(ended.stderr).toMatch(errorsOn(DEVICE));
      expect(ended.stderr).toContain('Stopping Katran!');
      expect(ended.status).toBe(1);
      expect(await balancer.left()).toEqual(NOTHING);
    });

    it('goes on with an error line, where -forwarding_guard is warn, and is not said again at every round', async () => {
      const launcher = await balancer.up(['-forwarding_guard', 'warn']);
      balancer.detach();
      await launcher.saysOnStderr(errorsOn(DEVICE));
      await pause(MANY_ROUNDS_MS);
      expect(linesOf(launcher).filter((line) => errorsOn(DEVICE).test(line))).toHaveLength(1);
      expect(balancer.katrans()).toHaveLength(1);
      expect((await launcher.stop()).status).toBe(0);
    });

    it('is found at SIGHUP, before any round', async () => {
      const launcher = await balancer.up(['-forwarding_guard', 'warn', ...NO_ROUNDS]);
      balancer.detach();
      launcher.kill('SIGHUP');
      await launcher.saysOnStderr(errorsOn(DEVICE));
    });

    it('is not looked at where -forwarding_guard is off', async () => {
      const launcher = await balancer.up(['-forwarding_guard', 'off']);
      balancer.detach();
      launcher.kill('SIGHUP');
      await pause(MANY_ROUNDS_MS);
      expect(launcher.stderr).not.toMatch(/ error: /);
      expect((await launcher.stop()).status).toBe(0);
    });

    it('is an error with exit status 1 when the interface was made anew', async () => {
      const launcher = await balancer.up();
      balancer.host.ip(`link delete ${DEVICE}`);
      balancer.link();
      const { status: exit, stderr } = await launcher.ended;
      expect(stderr).toMatch(errorsOn(DEVICE));
      expect(exit).toBe(1);
      expect(await balancer.left()).toEqual(NOTHING);
    });

    it('is not what doctor calls ready for katran to attach its own', async () => {
      await balancer.up(['-forwarding_guard', 'off']);
      balancer.detach();
      const { stdout, status: exit } = await balancer.command([
        ...['doctor', '-intf', DEVICE, '-binary', realFile('katran_server_grpc')],
        ...['-balancer_bpf', realFile('balancer.bpf.o'), '-forwarding_cores', '0-1'],
      ]);
      expect(stdout).not.toContain('katran will attach its own');
      expect(exit).toBe(3);
    });
  });

  describe('whose program was replaced by another’s', () => {
    it('is an error that names the other; katran is not stopped for it', async () => {
      const launcher = await balancer.up();
      balancer.attachForeign('-force');
      const foreign = balancer.attached();
      expect(foreign?.name).toBe('pass');
      const [line] = await launcher.saysOnStderr(/.* error: .*/);
      expect(line).toContain(DEVICE);
      expect(line).toMatch(new RegExp(`\\bpass\\b|\\b${foreign?.id ?? ''}\\b`));
      await pause(MANY_ROUNDS_MS);
      expect(balancer.katrans()).toHaveLength(1);
      expect(balancer.attached()).toEqual(foreign);
    });

    it('is wrong for status, which found nothing wrong before', async () => {
      await balancer.up(['-forwarding_guard', 'off']);
      const before = await balancer.status();
      expect(before.status, before.stdout).toBe(0);
      balancer.attachForeign('-force');
      const after = await balancer.status();
      expect(after.status).toBe(3);
      expect(after.stdout).not.toContain('nothing wrong');
    });
  });

  describe('in shared mode', () => {
    beforeEach(() => balancer.share());

    it('whose slot is emptied is an error that names the slot; katran is stopped and the exit status is 1', async () => {
      const launcher = await balancer.up();
      balancer.emptySlot(1);
      const { status: exit, stderr } = await launcher.ended;
      expect(stderr).toMatch(/ error: .*\bslot 1\b/);
      expect(exit).toBe(1);
      expect(await balancer.left()).toEqual(NOTHING);
    });

    it('whose slot has another’s program is an error, and katran is not stopped', async () => {
      const launcher = await balancer.up();
      const other = await balancer.startInSlot(2, OTHER_SERVER);
      balancer.fillSlot(1, balancer.programOf(other));
      await launcher.saysOnStderr(/ error: .*\bslot 1\b/);
      await pause(MANY_ROUNDS_MS);
      expect(balancer.katrans()).toHaveLength(2);
    });

    it('whose slot is emptied is wrong for status, which found nothing wrong before', async () => {
      await balancer.up(['-forwarding_guard', 'off']);
      const before = await balancer.status();
      expect(before.status, before.stdout).toBe(0);
      balancer.emptySlot(1);
      const after = await balancer.status();
      expect(after.status).toBe(3);
      expect(after.stdout).not.toContain('nothing wrong');
    });

    it('that dies leaves its slot filled: the advice is about the slot, and not to take everybody’s root program off', async () => {
      const launcher = await balancer.up();
      const program = balancer.programOf();
      process.kill(balancer.katran(), 'SIGKILL');
      const { status: exit, stderr } = await launcher.ended;
      expect(exit).toBe(128 + 9);
      expect(balancer.slots()).toEqual({ 1: program });
      expect(stderr).not.toContain('xdp off');
      expect(stderr).toMatch(/\bslot 1\b/);
      expect(stderr).toContain(ROOT_ARRAY);
    });
  });

  it('that aborts before it attached is no reason to speak of a program on the interface', async () => {
    const launcher = balancer.launch(['--', '-numa_nodes=0']);
    const { status: exit, stderr } = await launcher.ended;
    expect(exit).toBe(128 + 6);
    expect(balancer.attached()).toBeNull();
    expect(stderr).not.toMatch(/xdp off|still be attached/);
  });

  describe('whose MAC another client changes', () => {
    it.each([
      ['to zeros', ZERO_MAC],
      ['to another machine’s', FOREIGN_MAC],
    ])('%s has it put right, with one line', async (_how, mac) => {
      const launcher = await balancer.up();
      await balancer.addVips();
      const packets = balancer.send(VIP4);
      await packets.firstBack;
      const said = launcher.stderr.length;
      await balancer.call('changeMac', { mac });
      await expect
        .poll(() => balancer.call('getMac', {}), { timeout: 10_000 })
        .toEqual({ answer: { mac: ROUTER_MAC } });
      await pause(MANY_ROUNDS_MS);
      await packets.stop();
      const since = launcher.stderr.slice(said).split('\n');
      expect(since.filter((line) => line.includes(mac))).toHaveLength(1);
      const { outerMacs } = await balancer.send(VIP4, 1000, 500).report;
      expect(outerMacs).toEqual([{ mac: ROUTER_MAC, packets: 500 }]);
    });

    it('has it put right at SIGHUP, before any round', async () => {
      const launcher = await balancer.up(NO_ROUNDS);
      await balancer.call('changeMac', { mac: FOREIGN_MAC });
      launcher.kill('SIGHUP');
      await launcher.saysOnStderr(new RegExp(FOREIGN_MAC));
      await expect
        .poll(() => balancer.call('getMac', {}), { timeout: 10_000 })
        .toEqual({ answer: { mac: ROUTER_MAC } });
    });
  });

  it('in generic mode has one warning, which says so', async () => {
    addDeviceWithoutNativeXdp('gen0');
    balancer.host.ip('link set gen0 up');
    const launcher = await balancer.up(['-intf', 'gen0', '-default_mac', ROUTER_MAC]);
    expect(balancer.attached('gen0')).toMatchObject({ mode: 'generic' });
    await launcher.saysOnStderr(/ warning: .*\bgeneric\b/);
    expect(linesOf(launcher).filter((line) => / warning: .*\bgeneric\b/.test(line))).toHaveLength(1);
  });

  it('keeps its MAC when another interface takes the default route, and warns', async () => {
    const launcher = await balancer.up();
    await balancer.addVips();
    const elsewhere = makeNamespace('elsewhere');
    connect(
      { namespace: balancer.host, device: 'lb1', addresses: ['10.78.0.2/24'] },
      { namespace: elsewhere, device: 'gw1', addresses: ['10.78.0.1/24'], mac: FOREIGN_MAC },
    );
    const packets = balancer.send(VIP4);
    await packets.firstBack;
    balancer.host.ip('route replace default via 10.78.0.1 dev lb1');
    const [line] = await launcher.saysOnStderr(/.* warning: .*\blb1\b.*/);
    expect(line).toContain('-gateway');
    // Another interface's route used to be followed after three seconds.
    await pause(5000);
    const { lost, outerMacs } = await packets.stop();
    expect(lost).toEqual([]);
    expect(outerMacs.map(({ mac }) => mac)).toEqual([ROUTER_MAC]);
    expect(await balancer.call('getMac', {})).toEqual({ answer: { mac: ROUTER_MAC } });
  });

  it('on a port of the ephemeral range was not kept from it by the launcher’s own connections', async () => {
    balancer.host.sysctl('ipv4/ip_local_port_range', '50048 50063');
    const launcher = await balancer.up(['-server', '127.0.0.1:50052', '-start_timeout', '15000']);
    expect((await launcher.stop()).status).toBe(0);
  });

  describe('from a -binary that does not become katran', () => {
    const real = realFile('katran_server_grpc');

    /** How a launch ends whose -binary is this script. */
    function launchOf(text: string): Promise<Ended> {
      const script = path.join(files.path, 'katran_server_grpc');
      writeScript(script, text);
      return balancer.launch(['-binary', script, '-start_timeout', '15000']).ended;
    }

    it.each([
      ['but waits for it', `"${real}" "$@"; exit $?`],
      ['but leaves it in the background and ends', `"${real}" "$@" & sleep 0.3; exit 0`],
      ['but waits for it in another session', `setsid "${real}" "$@"; exit $?`],
      ['but leaves it in another session and ends', `setsid "${real}" "$@" & sleep 0.3; exit 0`],
    ])('%s is refused, and everything that was started is ended', async (_how, text) => {
      const { status: exit, stderr } = await launchOf(text);
      expect(exit).toBe(1);
      expect(stderr).not.toContain('is up and running');
      const { processes, attached } = await balancer.left();
      expect(processes).toEqual(NOTHING.processes);
      // A SIGTERM between attaching and katran's signal handlers leaves the program: then that is said.
      if (attached !== null) expect(stderr).toMatch(/still has XDP program .*xdp off/);
    });

    it('but waits for it is told which process katran is, and that it must exec', async () => {
      const { stderr } = await launchOf(`"${real}" "$@"; exit $?`);
      expect(stderr).toMatch(/pid \d+ is a child of katran: -binary must exec/);
    });
  });

  describe('that ends without the launcher having been asked', () => {
    it('in order, by a signal to katran itself, is status 1 and never 0', async () => {
      const launcher = await balancer.up();
      process.kill(balancer.katran(), 'SIGTERM');
      const { status: exit, stderr } = await launcher.ended;
      expect(exit).toBe(1);
      expect(stderr).not.toContain('still has XDP');
      expect(await balancer.left()).toEqual(NOTHING);
    });

    it('by a real-time signal, which the runtime reports as status 0, is status 1', async () => {
      const launcher = await balancer.up();
      process.kill(balancer.katran(), 40);
      const { status: exit, stderr } = await launcher.ended;
      expect(exit).toBe(1);
      expect(balancer.attached()).not.toBeNull();
      expect(stderr).toMatch(/still has XDP program \d+ .*xdp off/);
    });
  });
});
