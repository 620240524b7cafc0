// A whole launch in a network namespace of its own, with the double and its real XDP: what only the machine's own kernel shows.
import { expect, it } from 'vitest';
import { TABLES_EVERY_MS } from '../../src/gateway/kernel-view.ts';
import { describeUnless } from '../support/describe-unless.ts';
import { whyNoBpf } from '../support/katran-double/index.ts';
import { whyNoNamespaces } from '../support/netns.ts';
import { DEVICE, ROUTER_DEVICE } from '../support/wire.ts';
import type { DoubleBalancer } from './rig/double-balancer.ts';
import { eachWithDoubleBalancer } from './rig/scene.ts';

/** How often the launcher looks at katran's program where it is not told. */
const PROGRAM_EVERY_MS = 5_000;

/** The one in the middle, and the one that 95 of 100 do not exceed. */
function spread(times: readonly number[]): { median: number; words: string } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  const words = `${at(0.5).toFixed(0)} ms in the middle, ${at(0.95).toFixed(0)} at the 95th percentile, ${at(1).toFixed(0)} at most`;
  return { median: at(0.5), words };
}

describeUnless(whyNoNamespaces() ?? whyNoBpf(), 'a launch of the double with real XDP', () => {
  let balancer: DoubleBalancer;
  eachWithDoubleBalancer((made) => (balancer = made));

  it.each([
    ['a gratuitous ARP', []],
    [
      'an unsolicited neighbour advertisement',
      ['route del default', `-6 route add default via fd77::1 dev ${DEVICE}`],
    ],
  ])(
    'katran has a new MAC of its router soon after %s, without a look in between',
    { timeout: 120_000 },
    async (what, routes) => {
      // The kernel would ignore a second one within a second.
      balancer.host.sysctl(`ipv4/neigh/${DEVICE}/locktime`, 0);
      for (const route of routes) balancer.host.ip(route);
      // Looks are far apart: the kernel must have told.
      await balancer.up(['-gateway_interval', '3600000']);
      const times: number[] = [];
      // The first is not timed: the launcher may only just have begun to hear the kernel.
      for (let i = 0; i <= 20; i += 1) {
        const mac = `02:00:00:00:78:${i.toString(16).padStart(2, '0')}`;
        const began = Date.now();
        balancer.router.setMac(ROUTER_DEVICE, mac);
        const { time } = await balancer.stage.waitFor('changeMac', ({ given }) => given === mac);
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
      const launcher = await balancer.up(['-forwarding_guard', 'warn']);
      const program = balancer.attached();
      const times: number[] = [];
      for (let i = 0; i <= 10; i += 1) {
        const began = performance.now();
        balancer.host.ip(`link set dev ${DEVICE} xdp off`);
        await launcher.saysOnStderr(new RegExp(`(?:[^]*?forwards nothing){${i + 1}}`));
        if (i > 0) times.push(performance.now() - began);
        balancer.host.run('bpftool', 'net', 'attach', 'xdp', 'id', String(program?.id), 'dev', DEVICE);
        await launcher.saysOnStderr(new RegExp(`(?:[^]*?is in its place again){${i + 1}}`));
      }
      const { median, words } = spread(times);
      console.log(`xdp off: said after ${words}, with the time of the ip that takes it off`);
      // By looks alone it would be half of the time between two of them, in the middle.
      expect(median).toBeLessThan(PROGRAM_EVERY_MS / 2);
    },
  );

  it('nothing is connected to before katran listens, on a port that the kernel gives to connections', async () => {
    balancer.host.sysctl('ipv4/ip_local_port_range', '50040 50139');
    const port = 50052;
    balancer.stage.control({ START_DELAY: 2500 });
    const launcher = balancer.launch(['-server', `127.0.0.1:${port}`]);
    await balancer.stage.waitFor('start');
    const listening = new RegExp(`:${port.toString(16).toUpperCase()} [0-9A-F:]+ 0A `);
    const active = /^Tcp: (?:-?\d+ ){4}(\d+)/m;
    const opened: number[] = [];
    for (;;) {
      // The listeners are read last: where there is none, nothing can have been called before.
      const text = balancer.host.run('cat', '/proc/net/snmp', '/proc/net/tcp', '/proc/net/tcp6');
      if (listening.test(text)) break;
      opened.push(Number(active.exec(text)?.[1]));
    }
    expect(opened.length).toBeGreaterThan(0);
    expect(opened.filter((count) => count !== 0)).toEqual([]);
    await launcher.isUp();
    expect((await launcher.stop()).status).toBe(0);
  });

  it(
    'katran is asked for its MAC every other round no more when nobody else has been connected to it',
    { timeout: 120_000 },
    async () => {
      // A round would be 200 ms: some fifty questions between two looks at the fallback table.
      balancer.stage.control({ JOURNAL_CALLS: 1 });
      await balancer.up(['-gateway_interval', '100']);
      const calls = (): unknown[] =>
        balancer.stage.journal().map(({ event, name }) => event === 'call' && name);
      const looks = (): number => calls().filter((name) => name === 'getLruFallbackStats').length;
      await balancer.stage.waitFor('call', () => looks() >= 2);
      await balancer.stage.waitFor('call', () => looks() >= 3);
      const [, second, third] = calls().flatMap((name, i) => (name === 'getLruFallbackStats' ? [i] : []));
      expect(
        calls()
          .slice(second, third)
          .filter((name) => name === 'getMac').length,
      ).toBeLessThan(10);
    },
  );

  it('a death by a real-time signal, which comes as status 0, is status 1, and what it left is said', async () => {
    const launcher = await balancer.up();
    const { pid } = await balancer.stage.waitFor('start');
    process.kill(pid, 40);
    const { status, stderr } = await launcher.ended;
    expect(status, stderr).toBe(1);
    expect(balancer.attached()).not.toBeNull();
    expect(stderr).toMatch(/katran exited with status 0: lb0 still has XDP program \d+ .*xdp off/);
  });
});
