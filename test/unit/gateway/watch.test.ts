import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MOVE_PATIENCE_MS } from '../../../src/gateway/move-patience.ts';
import type { GatewayWatch, WatchOptions } from '../../../src/gateway/watch.ts';
import type { KernelTables, RecordedLog } from './kernel-tables.ts';
import { A, B, C, current, eachWithStage, INTERVAL_MS, pass, type WatchStage } from './watch-stage.ts';

let stage: WatchStage;
let tables: KernelTables;
let log: RecordedLog;
let pushes: string[];
/** What katran answers: throws to refuse. */
let katran: (mac: string) => Promise<void>;
let watch: GatewayWatch;

eachWithStage((made) => {
  stage = made;
  ({ tables, log, pushes } = made);
});
beforeEach(() => {
  katran = () => Promise.resolve();
});

const gatewayHas = (mac: string): void => tables.arp(`10.0.0.1 ${mac} eth0`);

async function start(options: Partial<WatchOptions> = {}): Promise<void> {
  watch = await stage.start({
    push: async (mac) => {
      pushes.push(mac);
      await katran(mac);
    },
    ...options,
  });
}

describe('the gateway watch', () => {
  it('says nothing and pushes nothing while nothing changes', async () => {
    await start();
    await pass(60 * INTERVAL_MS);
    expect(watch.state).toMatchObject({ checks: 61, told: A, trouble: null, pushed: 0 });
    expect(pushes).toEqual([]);
    expect(log.lines).toEqual([]);
  });

  it('pushes a changed MAC within one interval, and says from what to what', async () => {
    await start();
    gatewayHas(B);
    await pass(INTERVAL_MS);
    expect(pushes).toEqual([B]);
    expect(log.lines).toEqual([`info: gateway MAC changed from ${A} to ${B}; told katran`]);
    expect(watch.state).toMatchObject({ told: B, pushed: 1, gateway: { mac: B, address: '10.0.0.1' } });
  });

  it('looks once more right at its start, for a change while katran started', async () => {
    gatewayHas(B);
    await start();
    expect(pushes).toEqual([B]);
  });

  it('pushes again, ever more slowly, until katran takes it', async () => {
    const at: number[] = [];
    katran = () => {
      at.push(performance.now());
      return at.length < 9 ? Promise.reject(new Error('CANCELLED')) : Promise.resolve();
    };
    gatewayHas(B);
    await start();
    expect(watch.state).toMatchObject({ told: null, failures: 1 });
    await pass(60_000);
    const gaps = at.slice(1).map((time, i) => Math.round(time - (at[i] ?? 0)));
    expect(gaps).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(watch.state).toMatchObject({ told: B, failures: 0, pushed: 1 });
    expect(log.matching(/^info: .*told katran at attempt 9$/)).toHaveLength(1);
    expect(log.matching(/^warn: cannot tell katran.*CANCELLED/).length).toBeLessThan(9);
  });

  it('turns to a new MAC while the old one is being refused', async () => {
    katran = (mac) => (mac === C ? Promise.resolve() : Promise.reject(new Error('refused')));
    gatewayHas(B);
    await start();
    await pass(10 * INTERVAL_MS);
    gatewayHas(C);
    await pass(INTERVAL_MS);
    expect(pushes.at(-1)).toBe(C);
    expect(watch.state.told).toBe(C);
    expect(log.lines.at(-1)).toContain(`changed from ${A} to ${C}`);
  });

  it('pushes even the old MAC after a push whose outcome is unknown', async () => {
    katran = (mac) => (mac === A ? Promise.resolve() : Promise.reject(new Error('DEADLINE_EXCEEDED')));
    gatewayHas(B);
    await start();
    gatewayHas(A);
    await pass(INTERVAL_MS);
    expect(pushes.at(-1)).toBe(A);
    expect(watch.state.told).toBe(A);
  });

  it('never has two pushes under way, and after a slow one pushes the latest only', async () => {
    let underWay = 0;
    let most = 0;
    katran = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 5 * INTERVAL_MS));
      underWay -= 1;
    };
    gatewayHas(B);
    await start();
    for (const mac of [A, C, B, C]) {
      gatewayHas(mac);
      await pass(INTERVAL_MS);
    }
    await pass(20 * INTERVAL_MS);
    expect(most).toBe(1);
    expect(pushes).toEqual([B, C]);
  });

  it.each([
    ['incomplete', () => tables.arp('10.0.0.1 incomplete eth0')],
    ['gone', () => tables.arp()],
    ['without a route', () => tables.routes()],
    ['a multicast address', () => gatewayHas('01:00:5e:00:00:01')],
    ['broadcast', () => gatewayHas('ff:ff:ff:ff:ff:ff')],
    ['all zeros', () => gatewayHas('00:00:00:00:00:00')],
    ['in a table that cannot be understood', () => tables.file('/proc/net/arp', 'rubbish\n')],
    [
      'in a table that cannot be read',
      () => {
        tables.remove('/proc/net/arp');
        tables.file('/proc/net/arp/x', '');
      },
    ],
  ])('that is %s keeps the last good MAC, with one warning', async (_what, lose) => {
    await start();
    lose();
    await pass(100 * INTERVAL_MS);
    expect(pushes).toEqual([]);
    expect(log.matching(/^warn: the MAC of the gateway 10\.0\.0\.1 on eth0 is not to be seen/)).toHaveLength(
      1,
    );
    expect(log.lines.join()).toContain(`katran keeps ${A}`);
    expect(watch.state.trouble).not.toBeNull();
    expect(watch.state.gateway.mac).toBe(A);
  });

  it('says when the gateway is back, and pushes if it came back with another MAC', async () => {
    await start();
    tables.arp();
    await pass(5 * INTERVAL_MS);
    gatewayHas(B);
    await pass(INTERVAL_MS);
    expect(log.matching(new RegExp(`^info: the gateway 10.0.0.1 on eth0 is back: ${B}$`))).toHaveLength(1);
    expect(pushes).toEqual([B]);
    expect(watch.state.trouble).toBeNull();
  });

  it('does not warn of an entry that is missing for one look only', async () => {
    await start();
    tables.arp();
    await pass(INTERVAL_MS);
    gatewayHas(A);
    await pass(INTERVAL_MS);
    expect(log.lines).toEqual([]);
  });

  it('follows another default route of the interface at once', async () => {
    tables.arp(`10.0.0.1 ${A} eth0`, `10.0.0.2 ${C} eth0`);
    await start();
    tables.routes('eth0 0.0.0.0/0 via 10.0.0.2');
    await pass(INTERVAL_MS);
    expect(pushes).toEqual([C]);
    expect(log.matching(/gateway is now 10\.0\.0\.2 on eth0 .*it was 10\.0\.0\.1 on eth0/)).toHaveLength(1);
    expect(watch.state.gateway).toMatchObject({ address: '10.0.0.2', interface: 'eth0', mac: C });
  });

  describe('when the route of -intf goes and another interface has one', () => {
    const home = 'eth0 0.0.0.0/0 via 10.0.0.1 metric 100';
    const elsewhere = 'eth1 0.0.0.0/0 via 10.0.1.1 metric 200';
    const TOLD =
      /^warn: the default route is over 10\.0\.1\.1 on eth1 now, but katran sends through eth0: .*-gateway/;
    beforeEach(() => {
      tables.arp(`10.0.0.1 ${A} eth0`, `10.0.1.1 ${B} eth1`);
      tables.routes(home, elsewhere);
    });

    it('for a moment, tells katran nothing and logs nothing', async () => {
      await start();
      tables.routes(elsewhere);
      await pass(INTERVAL_MS);
      expect(watch.state).toMatchObject({ told: A, gateway: { mac: A, interface: 'eth0' } });
      tables.routes(home, elsewhere);
      await pass(60 * INTERVAL_MS);
      expect(pushes).toEqual([]);
      expect(log.lines).toEqual([]);
    });

    it('never gives katran the MAC of a router on another wire: it keeps the one it has, warns once, and says what to do', async () => {
      await start();
      tables.routes(elsewhere);
      await pass(INTERVAL_MS + MOVE_PATIENCE_MS - 1);
      expect(log.lines).toEqual([]);
      await pass(600 * INTERVAL_MS);
      expect(pushes).toEqual([]);
      expect(log.lines).toHaveLength(1);
      expect(log.lines[0]).toMatch(TOLD);
      expect(log.lines[0]).toContain(`it keeps ${A} of 10.0.0.1 on eth0`);
      expect(watch.state).toMatchObject({ trouble: 'no-route', gateway: { interface: 'eth0', mac: A } });
    });

    it('and its own router gets another MAC, katran gets that', async () => {
      await start();
      tables.routes(elsewhere);
      await pass(10 * INTERVAL_MS);
      tables.arp(`10.0.0.1 ${C} eth0`, `10.0.1.1 ${B} eth1`);
      await pass(INTERVAL_MS);
      expect(pushes).toEqual([C]);
    });

    it('does not believe many looks in one moment', async () => {
      await start();
      tables.routes(elsewhere);
      for (let i = 0; i < 20; i++) await watch.checkNow();
      expect(log.lines).toEqual([]);
    });

    it('begins to count anew after each look that saw the own route, or none', async () => {
      await start();
      for (const between of [[home, elsewhere], []]) {
        for (let i = 0; i < 10; i++) {
          tables.routes(elsewhere);
          await pass(MOVE_PATIENCE_MS - INTERVAL_MS);
          tables.routes(...between);
          await pass(INTERVAL_MS);
        }
      }
      expect(log.matching(TOLD)).toEqual([]);
    });

    it('comes back to -intf at once, and says so', async () => {
      await start();
      tables.routes(elsewhere);
      await pass(INTERVAL_MS + MOVE_PATIENCE_MS);
      tables.routes(home, elsewhere);
      tables.arp(`10.0.0.1 ${C} eth0`);
      await pass(INTERVAL_MS);
      expect(pushes).toEqual([C]);
      expect(log.matching(/^info: the gateway 10\.0\.0\.1 on eth0 is back/)).toHaveLength(1);
    });

    it('as the launch began with the one of eth1, comes to -intf as soon as that has a route', async () => {
      tables.routes(elsewhere);
      await start({ current: { ...current, address: '10.0.1.1', mac: B, interface: 'eth1' } });
      await pass(10 * INTERVAL_MS);
      expect(log.lines).toEqual([]);
      tables.routes(home, elsewhere);
      await pass(INTERVAL_MS);
      expect(pushes).toEqual([A]);
    });
  });

  it('keeps the old MAC until that of a new next hop is known', async () => {
    await start();
    tables.routes('eth0 0.0.0.0/0 via 10.0.0.2');
    await pass(5 * INTERVAL_MS);
    expect(pushes).toEqual([]);
    tables.arp(`10.0.0.1 ${A} eth0`, `10.0.0.2 ${C} eth0`);
    await pass(INTERVAL_MS);
    expect(pushes).toEqual([C]);
  });

  it('with -gateway follows that address only', async () => {
    await start({ gateway: '10.0.0.1' });
    tables.arp(`10.0.0.1 ${B} eth0`, `10.0.0.2 ${C} eth0`);
    tables.routes('eth0 0.0.0.0/0 via 10.0.0.2', 'eth0 10.0.0.0/24');
    await pass(5 * INTERVAL_MS);
    expect(pushes).toEqual([B]);
  });

  it('with -default_mac watches nothing', async () => {
    await start({ mac: A });
    gatewayHas(B);
    await pass(5 * INTERVAL_MS);
    await watch.checkNow();
    expect(pushes).toEqual([]);
    expect(watch.state).toMatchObject({ told: A, checks: 0 });
  });
});

describe('checkNow', () => {
  it('looks at once and is settled after that look', async () => {
    await start();
    gatewayHas(B);
    await watch.checkNow();
    expect(watch.state.gateway.mac).toBe(B);
    expect(pushes).toEqual([B]);
  });
  it('retries at once what waits to be retried', async () => {
    katran = () => Promise.reject(new Error('refused'));
    gatewayHas(B);
    await start();
    await pass(30 * INTERVAL_MS);
    katran = () => Promise.resolve();
    await watch.checkNow();
    await pass(0);
    expect(watch.state.told).toBe(B);
  });
  it('is settled after stop, too', async () => {
    await start();
    const looked = watch.checkNow();
    await watch.stop();
    await looked;
    await watch.checkNow();
    expect(watch.state.checks).toBeLessThanOrEqual(2);
  });
});

describe('stop', () => {
  it('ends a wait for a retry and the looks, and aborts the push under way', async () => {
    let aborted = false;
    await start({
      push: (mac, signal) => {
        pushes.push(mac);
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('aborted'));
          });
        });
      },
    });
    gatewayHas(B);
    await pass(INTERVAL_MS);
    await watch.stop();
    expect(aborted).toBe(true);
    gatewayHas(C);
    const { checks } = watch.state;
    await pass(10 * INTERVAL_MS);
    expect(watch.state.checks).toBe(checks);
    expect(pushes).toEqual([B]);
    expect(log.matching(/cannot tell/)).toEqual([]);
  });
});

describe('for a long time', () => {
  it('a flapping MAC is pushed each time, and logged a bounded number of times', async () => {
    await start();
    for (let i = 0; i < 600; i++) {
      gatewayHas(i % 2 === 0 ? B : A);
      await pass(INTERVAL_MS);
    }
    expect(pushes).toHaveLength(600);
    expect(watch.state.told).toBe(A);
    expect(log.lines.length).toBeLessThan(12 * 11);
    expect(log.matching(/\d+ more changes of the gateway MAC were not logged/).length).toBeGreaterThan(5);
    await pass(60 * INTERVAL_MS);
    expect(log.lines.at(-1)).toMatch(new RegExp(`the last of them: .* to ${A}; told katran$`));
  });

  it('an entry that comes and goes is logged a bounded number of times', async () => {
    await start();
    for (let i = 0; i < 200; i++) {
      tables.arp();
      await pass(3 * INTERVAL_MS);
      gatewayHas(A);
      await pass(INTERVAL_MS);
    }
    expect(log.lines.length).toBeLessThan(14 * 6);
    expect(pushes).toEqual([]);
  });

  it('10,000 checks a millisecond apart leave nothing behind', async () => {
    await start({ intervalMs: 1 });
    await pass(1000);
    const timers = vi.getTimerCount();
    await pass(10_000);
    expect(watch.state.checks).toBeGreaterThan(10_000);
    expect(vi.getTimerCount()).toBe(timers);
    expect(log.lines).toEqual([]);
  });
});
