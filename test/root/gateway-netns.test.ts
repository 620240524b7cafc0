import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TABLES_EVERY_MS } from '../../src/gateway/kernel-view.ts';
import { BUN } from '../support/bun.ts';
import { describeUnless } from '../support/describe-unless.ts';
import { scratch } from '../support/launcher.ts';
import { connect, makeNamespace, type Namespace, whyNoNamespaces } from '../support/netns.ts';
import { type GatewayProgram, withGatewayProgram } from './rig/gateway-program.ts';

const ROUTER_MAC = '02:00:00:00:77:01';
const NEW_MAC = '02:00:00:00:77:99';

describeUnless(whyNoNamespaces(), 'the gateway in network namespaces', () => {
  const start = withGatewayProgram();

  /** A watch that has resolved its gateway. */
  async function watching(host: Namespace, options: object = {}): Promise<GatewayProgram> {
    const program = start(host, 'watch', options);
    await program.resolution();
    return program;
  }

  /** A host with a router on the other end of its eth0. */
  function hostAndRouter(): { host: Namespace; router: Namespace } {
    const host = makeNamespace('host');
    const router = makeNamespace('router');
    connect(
      { namespace: host, device: 'eth0', addresses: ['10.77.0.2/24'] },
      { namespace: router, device: 'eth0', addresses: ['10.77.0.1/24'], mac: ROUTER_MAC },
    );
    host.ip('route add default via 10.77.0.1');
    return { host, router };
  }

  /** The same with IPv6 only, and no route yet. */
  function ipv6Only(): { host: Namespace; router: Namespace } {
    const host = makeNamespace('host6');
    const router = makeNamespace('router6');
    connect(
      { namespace: host, device: 'eth0', addresses: ['fd00:77::2/64'] },
      { namespace: router, device: 'eth0', addresses: ['fd00:77::1/64', 'fe80::1/64'], mac: ROUTER_MAC },
    );
    return { host, router };
  }

  it.each([
    ['Node', process.execPath],
    ['Bun', BUN],
  ])(
    'is resolved by ARP with one datagram, although the table is empty at first (%s)',
    async (_name, runtime) => {
      const { host } = hostAndRouter();
      const program = start(host, 'resolve', {}, runtime);
      expect((await program.resolution()).resolved).toMatchObject({
        address: '10.77.0.1',
        mac: ROUTER_MAC,
        interface: 'eth0',
        family: 4,
      });
      expect(program.all[0]?.tables).toMatchObject({ mac: null });
      expect(program.all.filter(({ message }) => message?.includes('datagram'))).toHaveLength(1);
    },
  );

  it('is resolved when it appears late', async () => {
    const { host, router } = hostAndRouter();
    router.ip('address del 10.77.0.1/24 dev eth0');
    const program = start(host, 'resolve');
    await program.next(({ message }) => message?.includes('datagram') === true);
    router.ip('address add 10.77.0.1/24 dev eth0');
    expect((await program.resolution()).resolved).toMatchObject({ mac: ROUTER_MAC });
  });

  it('that does not answer is a failure with what was seen and what to do', async () => {
    const { host, router } = hostAndRouter();
    router.ip('link set eth0 arp off');
    const { failed } = await start(host, 'resolve', { timeoutMs: 300 }).resolution();
    expect(failed).toMatch(/10\.77\.0\.1 on eth0.*incomplete entry.*300 ms.*UDP datagram.*-default_mac/);
  });

  it('is a failure without any default route', async () => {
    const { host } = hostAndRouter();
    host.ip('route del default');
    expect((await start(host, 'resolve').resolution()).failed).toMatch(
      /no default route for eth0.*-default_mac/,
    );
  });

  it('is found through another interface, with a warning', async () => {
    const { host } = hostAndRouter();
    expect((await start(host, 'resolve', { intf: 'lo' }).resolution()).resolved).toMatchObject({
      interface: 'eth0',
      mac: ROUTER_MAC,
      warnings: [{ code: 'gateway-elsewhere' }],
    });
  });

  it('of an interface in a bridge is the bridge’s', async ({ skip }) => {
    const { host } = hostAndRouter();
    try {
      host.ip('link add br0 type bridge');
    } catch (error) {
      skip(`this kernel has no bridge: ${String(error)}`);
    }
    host.ip('address flush dev eth0');
    host.ip('link set eth0 master br0');
    host.ip('address add 10.77.0.2/24 dev br0');
    host.ip('link set br0 up');
    host.ip('route add default via 10.77.0.1 dev br0');
    expect((await start(host, 'resolve').resolution()).resolved).toMatchObject({
      interface: 'br0',
      mac: ROUTER_MAC,
      warnings: [],
    });
  });

  it('whose MAC changes with an announcement is pushed', async () => {
    const { host, router } = hostAndRouter();
    const program = await watching(host);
    router.setMac('eth0', NEW_MAC);
    // Its own ARP request tells the host; it makes one by sending something.
    router.ip('neigh flush all');
    router.run(
      process.execPath,
      '-e',
      "require('dgram').createSocket('udp4').send('', 9, '10.77.0.2', process.exit)",
    );
    expect(await program.pushed()).toBe(NEW_MAC);
  });

  it('whose MAC changes silently is found by asking again', async () => {
    const { host, router } = hostAndRouter();
    // The kernel's own times, shortened: when it doubts an entry, and how long it asks the old MAC.
    host.sysctl('ipv4/neigh/eth0/base_reachable_time_ms', 100);
    host.sysctl('ipv4/neigh/eth0/delay_first_probe_time', 0);
    host.sysctl('ipv4/neigh/eth0/retrans_time_ms', 50);
    const program = await watching(host, { refreshMs: 100 });
    router.ip('link set eth0 arp off');
    router.setMac('eth0', NEW_MAC);
    router.ip('link set eth0 arp on');
    expect(await program.pushed()).toBe(NEW_MAC);
  });

  it('that vanishes keeps its MAC with one warning, and is greeted when back', async () => {
    const { host, router } = hostAndRouter();
    const program = await watching(host, { refreshMs: 100 });
    router.ip('link set eth0 arp off');
    host.ip('neigh flush all');
    expect(await program.warning()).toMatch(
      /10\.77\.0\.1 on eth0 is not to be seen.*katran keeps 02:00:00:00:77:01/,
    );
    router.ip('link set eth0 arp on');
    host.ip('neigh flush all');
    await program.next(({ message }) => message?.includes('is back') === true);
    expect(program.all.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(program.all.some(({ pushed }) => pushed !== undefined)).toBe(false);
  });

  it('is followed when the default route of the interface names another router', async () => {
    const { host } = hostAndRouter();
    const program = await watching(host);
    host.ip('neigh add 10.77.0.9 lladdr 02:00:00:00:77:99 dev eth0 nud reachable');
    host.ip('route replace default via 10.77.0.9');
    expect(await program.pushed()).toBe(NEW_MAC);
    host.ip('route replace default via 10.77.0.1');
    expect(await program.pushed()).toBe(ROUTER_MAC);
  });

  it('is not followed to another interface: katran keeps the MAC of the wire it sends on, with a warning', async () => {
    const { host, router } = hostAndRouter();
    connect(
      { namespace: host, device: 'eth1', addresses: ['10.78.0.2/24'] },
      { namespace: router, device: 'eth1', addresses: ['10.78.0.1/24'], mac: NEW_MAC },
    );
    const program = await watching(host, { listen: true });
    host.ip('route replace default via 10.78.0.1');
    expect(await program.warning()).toMatch(
      /over 10\.78\.0\.1 on eth1 now, but katran sends through eth0.*-gateway/,
    );
    host.ip('route replace default via 10.77.0.1');
    await program.next(({ message }) => message?.includes('is back') === true);
    expect(program.all.some(({ pushed }) => pushed !== undefined)).toBe(false);
  });

  describe('told by the kernel', () => {
    /** As long as where nothing is told; where it is, the tables are looked at every TABLES_EVERY_MS. */
    const LOOKS_MS = 3_600_000;
    /** The next change comes right after a look: one that only a look had found would have waited nearly that long. */
    const TOLD_MS = TABLES_EVERY_MS / 2;

    async function listening(host: Namespace, runtime?: string): Promise<GatewayProgram> {
      const program = start(host, 'watch', { listen: true, intervalMs: LOOKS_MS }, runtime);
      await program.next(({ live }) => live === true);
      return program;
    }

    /** ms from right before each change to its push. */
    async function times(
      program: GatewayProgram,
      changes: readonly (readonly [mac: string, change: () => void])[],
    ) {
      const taken: number[] = [];
      for (const [mac, change] of changes) {
        // Who was asked a moment ago is not asked again at once.
        await delay(200);
        const began = Date.now();
        change();
        const event = await program.next(({ pushed }) => pushed === mac);
        taken.push((event.at ?? Number.POSITIVE_INFINITY) - began);
      }
      return taken.sort((a, b) => a - b);
    }

    const macOf = (i: number): string => `02:00:00:00:78:${i.toString(16).padStart(2, '0')}`;

    it.each([
      ['Node', process.execPath],
      ['Bun', BUN],
    ])('a changed MAC is pushed in a fraction of a look (%s)', async (_name, runtime) => {
      const { host } = hostAndRouter();
      const program = await listening(host, runtime);
      const taken = await times(
        program,
        Array.from({ length: 15 }, (_, i) => [
          macOf(i),
          () => host.ip(`neigh replace 10.77.0.1 lladdr ${macOf(i)} dev eth0 nud stale`),
        ]),
      );
      console.log(
        `changed entry: median ${taken[7] ?? 0} ms, most ${taken[14] ?? 0} ms (with the time of ip itself)`,
      );
      expect(taken[7]).toBeLessThan(TOLD_MS);
    });

    it('an entry that was deleted, and another MAC: asked for at once', async () => {
      const { host, router } = hostAndRouter();
      const program = await listening(host);
      const taken = await times(
        program,
        Array.from({ length: 5 }, (_, i) => [
          macOf(i),
          () => {
            router.setMac('eth0', macOf(i));
            host.ip('neigh del 10.77.0.1 dev eth0');
          },
        ]),
      );
      console.log(`deleted entry: median ${taken[2] ?? 0} ms, most ${taken[4] ?? 0} ms`);
      expect(taken[2]).toBeLessThan(TOLD_MS);
    });

    it('a link that flaps, and another router on it', async () => {
      const { host, router } = hostAndRouter();
      const program = await listening(host);
      const taken: number[] = [];
      for (let i = 0; i < 3; i++) {
        router.ip('link set eth0 down');
        // The kernel takes up to a second to see that the carrier is lost, and nothing at all of one that is back sooner.
        while (host.ip('neigh show to 10.77.0.1').includes('lladdr')) await delay(20);
        router.setMac('eth0', macOf(i));
        const began = Date.now();
        router.ip('link set eth0 up');
        const event = await program.next(({ pushed }) => pushed === macOf(i));
        taken.push((event.at ?? Number.POSITIVE_INFINITY) - began);
      }
      taken.sort((a, b) => a - b);
      console.log(`flap: ${taken.join(', ')} ms after carrier`);
      expect(taken[1]).toBeLessThan(TOLD_MS);
    });

    it('a monitor that is killed is started again, and what changed meanwhile is seen', async () => {
      const { host } = hostAndRouter();
      const program = await listening(host);
      const [pid] = host.run('pgrep', '-P', String(program.child.pid), 'ip').split('\n');
      process.kill(Number(pid), 'SIGKILL');
      await program.next(({ live }) => live === false);
      host.ip(`neigh replace 10.77.0.1 lladdr ${macOf(1)} dev eth0 nud stale`);
      expect(await program.pushed()).toBe(macOf(1));
    });

    it('200,000 routes through the router cost next to nothing', async () => {
      const { host } = hostAndRouter();
      /** CPU of a watch, its start and end included, in which this happens. */
      const cpuOf = async (happens: () => void, mac: string): Promise<number> => {
        const program = await listening(host);
        happens();
        host.ip(`neigh replace 10.77.0.1 lladdr ${mac} dev eth0 nud stale`);
        await program.next(({ pushed }) => pushed === mac);
        return (await program.stop()).cpuMs ?? Number.NaN;
      };
      const place = scratch();
      const batch = path.join(place.path, 'routes');
      const route = (i: number): string =>
        `route add ${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24 via 10.77.0.1`;
      fs.writeFileSync(batch, Array.from({ length: 200_000 }, (_, i) => route(i)).join('\n'));
      const without = await cpuOf(() => undefined, macOf(1));
      const withThem = await cpuOf(() => host.ip(`-batch ${batch}`), macOf(2));
      place.remove();
      console.log(
        `CPU of a watch: ${Math.round(without)} ms, with 200,000 routes ${Math.round(withThem)} ms`,
      );
      // 2 to 3 on a quiet machine, 6 on a busy one; a table of this size that is parsed whole is five times such a watch.
      expect(withThem / without).toBeLessThan(15);
    });

    it('an IPv6 entry that changes is pushed', async () => {
      const { host } = ipv6Only();
      host.ip('-6 route add default via fe80::1 dev eth0');
      const program = await listening(host);
      host.ip(`neigh replace fe80::1 lladdr ${macOf(3)} dev eth0 nud stale router`);
      expect(await program.pushed()).toBe(macOf(3));
    });
  });

  it('stays when the interface is removed, and the watch still ends on request', async () => {
    const { host } = hostAndRouter();
    const program = await watching(host);
    host.ip('link del eth0');
    expect(await program.warning()).toContain('no default route');
    expect((await program.stop()).stopped).toMatchObject({
      told: ROUTER_MAC,
      trouble: 'no-route',
    });
  });

  describe('on a host with IPv6 only', () => {
    it.each([
      ['a global address', 'fd00:77::1', process.execPath],
      ['a link-local address', 'fe80::1', process.execPath],
      ['a link-local address, in Bun', 'fe80::1', BUN],
    ])('with %s it is resolved', async (_what, address, runtime) => {
      const { host } = ipv6Only();
      host.ip(`-6 route add default via ${address} dev eth0`);
      expect((await start(host, 'resolve', {}, runtime).resolution()).resolved).toMatchObject({
        address,
        mac: ROUTER_MAC,
        interface: 'eth0',
        family: 6,
      });
    });

    it('can be given with -gateway, with and without a device', async () => {
      const { host } = ipv6Only();
      for (const gateway of ['FD00:77:0::1', 'fe80::1', 'fe80::1%eth0'])
        expect((await start(host, 'resolve', { gateway }).resolution()).resolved).toMatchObject({
          mac: ROUTER_MAC,
        });
    });

    it('that does not answer is a failure', async () => {
      const { host } = ipv6Only();
      host.ip('-6 route add default via fd00:77::9 dev eth0');
      const { failed } = await start(host, 'resolve', { timeoutMs: 300 }).resolution();
      expect(failed).toMatch(/fd00:77::9 on eth0.*ip -j -6 neigh.*-default_mac/);
    });

    it('is pushed when its MAC changes silently', async () => {
      const { host, router } = ipv6Only();
      host.ip('-6 route add default via fe80::1 dev eth0');
      host.sysctl('ipv6/neigh/eth0/base_reachable_time_ms', 100);
      host.sysctl('ipv6/neigh/eth0/delay_first_probe_time', 0);
      host.sysctl('ipv6/neigh/eth0/retrans_time_ms', 50);
      const program = await watching(host, { refreshMs: 100 });
      router.setMac('eth0', NEW_MAC);
      expect(await program.pushed()).toBe(NEW_MAC);
    });
  });
});
