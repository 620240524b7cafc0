// How long services take, and how long nothing is forwarded at a restart in standalone mode; docs/performance.md has the times.
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { formatServices } from '../../src/katran/services/document.ts';
import { BUN } from '../support/bun.ts';
import { describeUnless } from '../support/describe-unless.ts';
import { countsMore } from '../support/nothing-lost.ts';
import type { Vip } from '../support/vips.ts';
import { SERVER } from '../support/wire.ts';
import type { Balancer } from './rig/balancer.ts';
import { manyServices } from './rig/many-services.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer, type Scratch } from './rig/scene.ts';

/** Behind the others in the order of addresses: it is given to katran last. */
const LAST: Vip = { address: '10.202.0.1', port: 80, protocol: 'udp' };

describeUnless(whyNoRealKatran(), 'times of the real katran', () => {
  let balancer: Balancer;
  let files: Scratch;
  eachWithBalancer((made, folder) => ([balancer, files] = [made, folder]));

  it(
    'a restore takes what katran takes for its calls, and reading 512 VIPs a small part of that',
    { timeout: 240_000 },
    async () => {
      await balancer.startKatran();
      const program = path.join(import.meta.dirname, 'rig/restore-times.ts');
      const printed = balancer.run(BUN, program, SERVER);
      console.log(`100 VIPs of 20 reals, and 512 VIPs read: ${printed.trim()}`);
      const { restoreMs, callsMs, readMs, vips } = JSON.parse(printed) as Record<string, number>;
      expect(vips).toBe(512);
      // 1.02 on a quiet machine, 1.04 on a busy one.
      expect((restoreMs ?? 0) / (callsMs ?? 0)).toBeLessThan(1.1);
      expect((readMs ?? 0) / (callsMs ?? 0)).toBeLessThan(0.5);
    },
  );

  it.each([1, 10, 100])(
    'a restart with %i VIPs of 20 reals loses packets until katran is up, and none after it',
    { timeout: 240_000 },
    async (count) => {
      const file = path.join(files.path, 'services.json');
      const real = { address: '10.8.0.1', weight: 10, flags: 0 };
      const last = { ...LAST, protocol: 17, flags: 0, reals: [real] };
      fs.writeFileSync(file, formatServices(manyServices(count - 1, 20, [last])), { mode: 0o600 });
      const launcher = await balancer.up(['-services', file]);
      const stream = balancer.send(LAST);
      await stream.firstBack;
      expect((await launcher.stop()).status).toBe(0);
      await balancer.up(['-services', file]);
      await countsMore(balancer, LAST, 1000);
      const { lost, sent, returned } = await stream.stop();
      const ms = lost.reduce((sum, gap) => sum + gap.ms, 0);
      console.log(
        `restart with ${count} VIPs: ${Math.round(ms)} ms without forwarding, ${sent - returned} packets`,
      );
      expect(lost.length).toBeGreaterThan(0);
      // Up is said when it forwards: what was sent since then came back.
      expect(lost.at(-1)?.to ?? sent).toBeLessThan(sent - 1000);
    },
  );
});
