// A whole launch in a network namespace of its own, with the double and its real XDP: what only the machine's own kernel shows.
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TABLES_EVERY_MS } from '../../src/gateway/kernel-view.ts';
import { attachedProgram, processesIn } from '../katran/rig/kernel-view.ts';
import {
  buildKatranDouble,
  makeStage,
  type Settings,
  type Stage,
  whyNoBpf,
} from '../support/katran-double/index.ts';
import { BINARY, Running } from '../support/launcher.ts';
import {
  connect,
  makeNamespace,
  type Namespace,
  removeNamespaces,
  whyNoNamespaces,
} from '../support/netns.ts';
import { PATIENCE_MS } from '../support/patience.ts';

const DEVICE = 'lb0';
const ROUTER_DEVICE = 'gw0';
const ROUTER_MAC = '02:00:00:00:77:01';
/** How often the launcher looks at katran's program where it is not told. */
const PROGRAM_EVERY_MS = 5_000;
const impossible = whyNoNamespaces() ?? whyNoBpf();

/** The one in the middle, and the one that 95 of 100 do not exceed. */
function spread(times: readonly number[]): { median: number; most: number; words: string } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  const words = `${at(0.5).toFixed(0)} ms in the middle, ${at(0.95).toFixed(0)} at the 95th percentile, ${at(1).toFixed(0)} at most`;
  return { median: at(0.5), most: at(1), words };
}

describe.skipIf(impossible !== undefined)(`a launch of the double with real XDP ${impossible ?? ''}`, () => {
  let balancer: Namespace;
  let router: Namespace;
  let network: string;
  let stage: Stage;
  let launchers: Running[] = [];

  beforeAll(() => void buildKatranDouble(), 120_000);
  beforeEach(() => {
    balancer = makeNamespace('lb');
    router = makeNamespace('gw');
    network = balancer.run('readlink', '/proc/self/ns/net').trim();
    connect(
      { namespace: balancer, device: DEVICE, addresses: ['10.77.0.2/24', 'fd77::2/64'] },
      {
        namespace: router,
        device: ROUTER_DEVICE,
        addresses: ['10.77.0.1/24', 'fd77::1/64'],
        mac: ROUTER_MAC,
      },
    );
    // Routers tell everybody of a MAC that is new.
    router.sysctl(`ipv4/conf/${ROUTER_DEVICE}/arp_notify`, 1);
    router.sysctl(`ipv6/conf/${ROUTER_DEVICE}/ndisc_notify`, 1);
    // The kernel would ignore a second one within a second.
    balancer.sysctl(`ipv4/neigh/${DEVICE}/locktime`, 0);
  });
  afterEach(async () => {
    for (const { pid } of processesIn(network)) process.kill(pid, 'SIGKILL');
    await Promise.all(launchers.map(({ ended }) => ended));
    launchers = [];
    removeNamespaces();
    stage.remove();
  });

  function launch(more: readonly string[] = [], settings: Settings = {}): Running {
    stage = makeStage({ START_DELAY: 0, REAL_XDP: 1, INTERFACES: '', ...settings });
    const flags = [
      ['-run', '-intf', DEVICE, '-binary', buildKatranDouble(), '-balancer_bpf', stage.bpfObject],
      ['-server', '127.0.0.1:50051', '-forwarding_cores', '0', '-lru_size', '1000'],
      ['-shutdown_delay', '0', '-start_timeout', String(PATIENCE_MS), ...more],
    ];
    const within = ['ip', 'netns', 'exec', balancer.name];
    const launcher = new Running(BINARY, flags.flat(), { within, env: { ...stage.env } });
    launchers.push(launcher);
    return launcher;
  }

  async function up(more: readonly string[] = [], settings: Settings = {}): Promise<Running> {
    const launcher = launch(more, settings);
    await launcher.saysOnStderr(/katran is up and running/);
    return launcher;
  }

  it.each([
    ['a gratuitous ARP', 'route replace default via 10.77.0.1'],
    ['an unsolicited neighbour advertisement', `-6 route replace default via fd77::1 dev ${DEVICE}`],
  ])(
    'katran has a new MAC of its router soon after %s, without a look in between',
    { timeout: 120_000 },
    async (what, route) => {
      balancer.ip(route);
      // Looks are far apart: the kernel must have told.
      await up(['-gateway_interval', '3600000']);
      const times: number[] = [];
      // The first is not timed: the launcher may only just have begun to hear the kernel.
      for (let i = 0; i <= 20; i += 1) {
        const mac = `02:00:00:00:78:${i.toString(16).padStart(2, '0')}`;
        const began = Date.now();
        router.setMac(ROUTER_DEVICE, mac);
        const { time } = await stage.waitFor('changeMac', ({ given }) => given === mac);
        if (i > 0) times.push(time - began);
      }
      const { median, words } = spread(times);
      console.log(`${what}: ${words}, with the time of the ip that changes the MAC`);
      // By looks alone it would be half of the time between two of them, in the middle.
      expect(median).toBeLessThan(TABLES_EVERY_MS / 2);
    },
  );

  it(
    'a program that is taken off the interface is said soon, and so is its return',
    { timeout: 120_000 },
    async () => {
      balancer.ip('route replace default via 10.77.0.1');
      const launcher = await up(['-forwarding_guard', 'warn']);
      const program = attachedProgram(balancer.ip(`-j -d link show dev ${DEVICE}`));
      const times: number[] = [];
      for (let i = 0; i <= 10; i += 1) {
        const began = performance.now();
        balancer.ip(`link set dev ${DEVICE} xdp off`);
        await launcher.saysOnStderr(new RegExp(`(?:[^]*?forwards nothing){${i + 1}}`));
        if (i > 0) times.push(performance.now() - began);
        balancer.run('bpftool', 'net', 'attach', 'xdp', 'id', String(program?.id), 'dev', DEVICE);
        await launcher.saysOnStderr(new RegExp(`(?:[^]*?is in its place again){${i + 1}}`));
      }
      const { median, words } = spread(times);
      console.log(`xdp off: said after ${words}, with the time of the ip that takes it off`);
      // By looks alone it would be half of the time between two of them, in the middle.
      expect(median).toBeLessThan(PROGRAM_EVERY_MS / 2);
    },
  );

  it('nothing is connected to before katran listens, on a port that the kernel gives to connections', async () => {
    balancer.ip('route replace default via 10.77.0.1');
    balancer.sysctl('ipv4/ip_local_port_range', '50040 50139');
    const port = 50052;
    launch(['-server', `127.0.0.1:${port}`], { START_DELAY: 2500 });
    await stage.waitFor('start');
    const listening = new RegExp(`:${port.toString(16).toUpperCase()} [0-9A-F:]+ 0A `);
    const active = /^Tcp: (?:-?\d+ ){4}(\d+)/m;
    const opened: number[] = [];
    for (;;) {
      // The listeners are read last: where there is none, nothing can have been called before.
      const text = balancer.run('cat', '/proc/net/snmp', '/proc/net/tcp', '/proc/net/tcp6');
      if (listening.test(text)) break;
      opened.push(Number(active.exec(text)?.[1]));
    }
    expect(opened.length).toBeGreaterThan(0);
    expect(opened.filter((count) => count !== 0)).toEqual([]);
    const [launcher] = launchers;
    await launcher?.saysOnStderr(/katran is up and running/);
    launcher?.kill('SIGTERM');
    expect((await launcher?.ended)?.status).toBe(0);
  });

  it(
    'katran is asked for its MAC every other round no more when nobody else has been connected to it',
    { timeout: 120_000 },
    async () => {
      balancer.ip('route replace default via 10.77.0.1');
      // A round would be 200 ms: some fifty questions between two looks at the fallback table.
      await up(['-gateway_interval', '100'], { JOURNAL_CALLS: 1 });
      const calls = (): unknown[] => stage.journal().map(({ event, name }) => event === 'call' && name);
      const looks = (): number => calls().filter((name) => name === 'getLruFallbackStats').length;
      await stage.waitFor('call', () => looks() >= 2);
      await stage.waitFor('call', () => looks() >= 3);
      const [, second, third] = calls().flatMap((name, i) => (name === 'getLruFallbackStats' ? [i] : []));
      expect(
        calls()
          .slice(second, third)
          .filter((name) => name === 'getMac').length,
      ).toBeLessThan(10);
    },
  );

  it('a death by a real-time signal, which comes as status 0, is status 1, and what it left is said', async () => {
    balancer.ip('route replace default via 10.77.0.1');
    const launcher = await up();
    const { pid } = await stage.waitFor('start');
    process.kill(pid, 40);
    const { status, stderr } = await launcher.ended;
    expect(status, stderr).toBe(1);
    expect(attachedProgram(balancer.ip(`-j -d link show dev ${DEVICE}`))).not.toBeNull();
    expect(stderr).toMatch(/katran exited with status 0: lb0 still has XDP program \d+ .*xdp off/);
  });
});
