// What -metrics_file says of a real katran that forwards.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Running } from '../support/launcher.ts';
import { describeUnless } from '../support/describe-unless.ts';
import { writeServices } from '../support/services-file.ts';
import { VIP4, VIP6, type Vip } from '../support/vips.ts';
import type { Balancer } from './rig/balancer.ts';
import { expectForwarding } from './rig/expect-forwarding.ts';
import { SERVICES } from './rig/services.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer, type Scratch } from './rig/scene.ts';

/** What a katran on a loaded machine may take to answer for all its counters. */
const PATIENCE = { timeout: 30_000 };

describeUnless(whyNoRealKatran(), 'metrics of the real katran', () => {
  let balancer: Balancer;
  let files: Scratch;
  let file: string;
  eachWithBalancer((made, folder) => {
    [balancer, files] = [made, folder];
    file = path.join(folder.path, 'katran.prom');
  });

  /** The values of the file, by name and labels without the interface. */
  const values = (): Record<string, number> =>
    Object.fromEntries(
      [...fs.readFileSync(file, 'utf8').matchAll(/^start_katran_(\w+)\{intf="lb0"(?:,(.*))?\} (\S+)$/gm)].map(
        ([, name = '', labels, value]) => [labels === undefined ? name : `${name} ${labels}`, Number(value)],
      ),
    );
  const ofVip = (name: string, { address, port, protocol }: Vip): string =>
    `${name} vip="${address}",port="${port}",proto="${protocol}"`;
  const start = (...more: string[]): Promise<Running> => {
    const services = path.join(files.path, 'services.json');
    writeServices(services, SERVICES);
    return balancer.up(['-metrics_file', file, '-services', services, ...more]);
  };
  /** Until the file says so; SIGHUP has it written before its ten seconds are over. */
  const says = async (launcher: Running, wanted: Record<string, number>): Promise<void> => {
    await expect
      .poll(() => {
        launcher.kill('SIGHUP');
        return values();
      }, PATIENCE)
      .toMatchObject(wanted);
  };

  it('are what it has counted: packets and bytes of each VIP, its connection table, and the launcher’s own', async () => {
    const launcher = await start();
    await says(launcher, {
      up: 1,
      forwarding: 1,
      pid: balancer.katran(),
      [ofVip('vip_packets_total', VIP4)]: 0,
    });
    await expectForwarding(balancer);
    await says(launcher, {
      [ofVip('vip_packets_total', VIP4)]: 500,
      [ofVip('vip_packets_total', VIP6)]: 500,
      lru_packets_total: 1000,
      katran_starts_total: 1,
      mac_pushes_total: 1,
      mac_refusals_total: 0,
      handovers_total: 0,
    });
    const now = values();
    // Without the frame's header: 20 bytes of IPv4, 8 of UDP, 12 of payload. Of IPv6 katran counts what follows its header.
    expect(now[ofVip('vip_bytes_total', VIP4)]).toBe(500 * (20 + 8 + 12));
    expect(now[ofVip('vip_bytes_total', VIP6)]).toBe(500 * (20 + 12));
    expect(now['lru_misses_total']).toBeGreaterThan(0);
    expect(now['lru_misses_total']).toBeLessThanOrEqual(1000);
    expect(Math.abs((now['gateway_last_seen_seconds'] ?? 0) - Date.now() / 1000)).toBeLessThan(600);
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: fs.readFileSync(file) });
    if (checked.error === undefined) expect(checked.status, checked.stderr.toString()).toBe(0);
    expect((await launcher.stop()).status).toBe(0);
    expect(values()).toMatchObject({ up: 0, katran_starts_total: 1 });
    expect(Object.keys(values()).filter((name) => name.startsWith('vip_'))).toEqual([]);
  });

  it('say that its program is gone from the interface', async () => {
    const launcher = await start('-forwarding_guard', 'warn');
    await says(launcher, { up: 1, forwarding: 1 });
    balancer.detach();
    await says(launcher, { up: 1, forwarding: 0 });
    await launcher.stop();
  });
});
