import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TABLES_EVERY_MS } from '../../../src/gateway/kernel-view.ts';
import type { Gateway } from '../../../src/gateway/types.ts';
import type { GatewayWatch, WatchOptions } from '../../../src/gateway/watch.ts';
import type { Root } from '../../../src/linux/root.ts';
import { toldKernel, type ToldKernel } from '../../support/told-kernel.ts';
import { toolsThat } from '../../support/tools.ts';
import type { KernelTables, RecordedLog } from './kernel-tables.ts';
import { A, B, current, eachWithStage, pass, type WatchStage } from './watch-stage.ts';

let stage: WatchStage;
let tables: KernelTables;
let kernel: ToldKernel;
let log: RecordedLog;
let pushes: string[];
let reads: string[];
let watch: GatewayWatch;

// Before the stage's own: what comes last is done first, and this is about a watch that was stopped.
afterEach(() => expect(kernel.listeners).toBe(0));
eachWithStage((made) => {
  stage = made;
  ({ tables, log, pushes } = made);
});
beforeEach(() => {
  kernel = toldKernel();
  reads = [];
});

const gatewayHas = (mac: string): void => tables.arp(`10.0.0.1 ${mac} eth0`);
const readsOf = (path: string): number => reads.filter((read) => read === path).length;

/** The root, and what was read of it. */
function counted(root: Root): Root {
  return {
    ...root,
    readIfPresent: (path) => {
      reads.push(path);
      return root.readIfPresent(path);
    },
    readStart: (path, bytes) => {
      reads.push(path);
      return root.readStart(path, bytes);
    },
  };
}

async function start(options: Partial<WatchOptions> = {}): Promise<void> {
  watch = await stage.start({
    root: counted(tables.root),
    refreshMs: Number.POSITIVE_INFINITY,
    events: kernel,
    ...options,
  });
}

describe('a watch that the kernel tells', () => {
  it('pushes a changed MAC at once', async () => {
    await start();
    gatewayHas(B);
    kernel.tell(`[NEIGH]10.0.0.1 dev eth0 lladdr ${B} STALE `);
    await pass(0);
    expect(pushes).toEqual([B]);
  });

  it('looks every ten seconds all the same', async () => {
    await start();
    gatewayHas(B);
    await pass(TABLES_EVERY_MS - 1);
    expect(pushes).toEqual([]);
    await pass(1);
    expect(pushes).toEqual([B]);
    await pass(10 * TABLES_EVERY_MS);
    expect(watch.state.checks).toBe(12);
  });

  it('looks every interval while the kernel cannot be heard', async () => {
    kernel.live = false;
    await start();
    await pass(10_000);
    expect(watch.state.checks).toBe(11);
    kernel.live = true;
    kernel.tell('something that nobody understands');
    await pass(100_000);
    expect(watch.state.checks).toBe(22);
  });

  it.each([
    ['the state of an entry whose MAC is known', `[NEIGH]10.0.0.1 dev eth0 lladdr ${A} REACHABLE `],
    ['another neighbour', `[NEIGH]10.0.0.9 dev eth0 lladdr ${B} STALE `],
    ['the address on another interface', `[NEIGH]10.0.0.1 dev eth1 lladdr ${B} STALE `],
    ['another link', '[LINK]7: eth7: <BROADCAST,UP,LOWER_UP> mtu 1500'],
    ['an address', '[ADDR]2: eth0    inet 10.0.0.3/24 scope global eth0'],
    ['routes through routers', '[ROUTE]192.0.2.0/24 via 10.0.0.1 dev eth0 proto bgp '],
  ])('does not look for %s', async (_what, line) => {
    await start();
    for (let i = 0; i < 1000; i++) kernel.tell(line);
    await pass(0);
    expect(watch.state.checks).toBe(1);
  });

  it('looks once for a thousand changes in a moment', async () => {
    await start();
    for (let i = 0; i < 1000; i++) {
      gatewayHas(i % 2 === 0 ? A : B);
      kernel.tell(`[NEIGH]10.0.0.1 dev eth0 lladdr ${B} STALE `, '[ROUTE]default via 10.0.0.1 dev eth0');
    }
    await pass(0);
    expect(watch.state.checks).toBeLessThan(4);
    expect(pushes).toEqual([B]);
  });

  it('follows a route that the kernel tells of, and reads the routes for nothing else', async () => {
    await start();
    for (let i = 0; i < 5; i++) {
      gatewayHas(i % 2 === 0 ? B : A);
      kernel.tell(`[NEIGH]10.0.0.1 dev eth0 lladdr ${i % 2 === 0 ? B : A} STALE `);
      await pass(100);
    }
    expect(readsOf('/proc/net/route')).toBe(1);
    tables.routes('eth0 0.0.0.0/0 via 10.0.0.2');
    tables.arp(`10.0.0.2 ${A} eth0`);
    kernel.tell('[ROUTE]default via 10.0.0.2 dev eth0 ');
    await pass(0);
    expect(watch.state.gateway).toMatchObject({ address: '10.0.0.2', mac: A });
  });

  it('warns of an entry that is gone after a second, not of one that is back in half', async () => {
    await start();
    for (const line of ['FAILED ', 'INCOMPLETE ', 'FAILED ']) {
      tables.arp();
      kernel.tell(`[NEIGH]10.0.0.1 dev eth0 ${line}`);
      await pass(100);
    }
    gatewayHas(A);
    kernel.tell(`[NEIGH]10.0.0.1 dev eth0 lladdr ${A} REACHABLE `);
    await pass(5000);
    expect(log.lines).toEqual([]);
    tables.arp();
    kernel.tell('[NEIGH]Deleted 10.0.0.1 dev eth0 lladdr 02:00:00:00:00:0a STALE ');
    await pass(1000);
    expect(log.matching(/^warn: the MAC of the gateway 10\.0\.0\.1 on eth0 is not to be seen/)).toHaveLength(
      1,
    );
  });

  it('looks every second while the MAC is missing', async () => {
    await start();
    tables.arp();
    kernel.tell('[NEIGH]10.0.0.1 dev eth0 FAILED ');
    await pass(10_000);
    expect(watch.state.checks).toBeGreaterThanOrEqual(11);
    expect(watch.state.checks).toBeLessThan(14);
  });

  it('looks after everything when messages were lost', async () => {
    await start();
    tables.routes('eth0 0.0.0.0/0 via 10.0.0.2');
    tables.arp(`10.0.0.2 ${B} eth0`);
    kernel.tell('what is this');
    await pass(0);
    expect(pushes).toEqual([B]);
  });
});

describe('of a long route table', () => {
  const FAR = 200_000;

  function manyRoutes(): string {
    const line = (i: number): string =>
      `eth0\t${(0x14000000 + i)
        .toString(16)
        .toUpperCase()
        .padStart(8, '0')
        .replace(/(..)(..)(..)(..)/, '$4$3$2$1')}\t0100000A\t0003\t0\t0\t0\tFFFFFFFF\t0\t0\t0`;
    return Array.from({ length: FAR }, (_, i) => line(i)).join('\n');
  }

  it('only the beginning is read, where the kernel has the default routes', async () => {
    const header = tables.root.read('/proc/net/route');
    tables.file('/proc/net/route', `${header}${manyRoutes()}\n`);
    let characters = 0;
    const { root } = tables;
    const measured: Root = {
      ...root,
      readIfPresent: (path) => {
        const text = root.readIfPresent(path);
        characters += text?.length ?? 0;
        return text;
      },
      readStart: (path, bytes) => {
        const text = root.readStart(path, bytes);
        characters += text?.length ?? 0;
        return text;
      },
    };
    kernel.live = false;
    await start({ root: measured });
    await pass(10_000);
    expect(watch.state).toMatchObject({ checks: 11, trouble: null });
    expect(characters / 11).toBeLessThan(20_000);
  });

  it('with -gateway it is read seldom when nothing is told, and soon when a route is', async () => {
    const header = tables.root.read('/proc/net/route');
    tables.routes('eth0 10.0.0.0/24');
    const onLink = tables.root.read('/proc/net/route').split('\n')[1] ?? '';
    tables.file('/proc/net/route', `${header}${onLink}\n${manyRoutes()}\n`);
    await start({ gateway: '10.0.0.1' });
    expect(watch.state.trouble).toBeNull();
    await pass(25_000);
    expect(watch.state.checks).toBeGreaterThan(2);
    expect(readsOf('/proc/net/route')).toBe(1);
    kernel.tell('[ROUTE]10.0.0.0/24 dev eth0 proto kernel scope link ');
    await pass(0);
    expect(readsOf('/proc/net/route')).toBe(2);
  });
});

describe('on a host with IPv6 only', () => {
  const gateway6: Gateway = { ...current, address: 'fe80::1', family: 6 };
  const line = (state: string, mac?: string): string =>
    `[NEIGH]fe80::1 dev eth0 ${mac === undefined ? '' : `lladdr ${mac} `}router ${state}`;

  async function start6(): Promise<ReturnType<typeof toolsThat>> {
    const tools = toolsThat(() =>
      JSON.stringify([{ dst: 'fe80::1', dev: 'eth0', lladdr: A, state: ['REACHABLE'] }]),
    );
    await start({
      tools,
      // Of this machine, so that its neighbours may be asked about; nothing is sent where the MAC is known.
      root: { ...tables.root, live: true },
      gateway: 'fe80::1%eth0',
      current: gateway6,
    });
    return tools;
  }

  it('one ip at the start and every ten seconds is all that is started', async () => {
    const tools = await start6();
    for (let i = 0; i < 20; i++) {
      kernel.tell(line('STALE', A), line('REACHABLE', A));
      await pass(100);
    }
    expect(tools.questions).toHaveLength(1);
    await pass(28_000);
    expect(tools.questions.length).toBeGreaterThan(1);
    expect(tools.questions.length).toBeLessThanOrEqual(4);
  });

  it('pushes the MAC that the kernel tells, without asking for it', async () => {
    const tools = await start6();
    kernel.tell(line('STALE', B));
    await pass(0);
    expect(pushes).toEqual([B]);
    expect(tools.questions).toHaveLength(1);
  });
});
