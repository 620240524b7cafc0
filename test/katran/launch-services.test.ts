// VIPs and reals that a launch gives katran before it calls it up, and those it keeps while katran runs.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { writeServices } from '../support/services-file.ts';
import { type Balancer, NOTHING } from './rig/balancer.ts';
import { expectForwarding } from './rig/expect-forwarding.ts';
import { SERVICES } from './rig/services.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer, type Scratch } from './rig/scene.ts';

describeUnless(whyNoRealKatran(), 'services of a launch of the real katran', () => {
  let balancer: Balancer;
  let files: Scratch;
  eachWithBalancer((made, folder) => ([balancer, files] = [made, folder]));

  const fileAt = (): string => path.join(files.path, 'services.json');
  const write = (services: object): string => {
    writeServices(fileAt(), services);
    return fileAt();
  };
  const read = (): unknown => JSON.parse(fs.readFileSync(fileAt(), 'utf8'));

  describe('of -services', () => {
    it('forward from the moment on that katran is called up', async () => {
      const launcher = await balancer.up(['-services', write(SERVICES)]);
      await expectForwarding(balancer);
      expect((await launcher.stop()).status).toBe(0);
      expect(await balancer.left()).toEqual(NOTHING);
    });

    it('in a bad file are refused with the place in it, before katran is started', async () => {
      const bad = { ...SERVICES, vips: [{ ...SERVICES.vips[0], port: 70000 }] };
      const { status, stderr } = await balancer.launch(['-services', write(bad)]).ended;
      expect(status).toBe(1);
      expect(stderr).toContain('vips[0].port');
      expect(stderr).not.toContain('Starting Katran');
      expect(balancer.attached()).toBeNull();
    });

    it('in a file that is not there are an error', async () => {
      const { status, stderr } = await balancer.launch(['-services', fileAt()]).ended;
      expect(status).toBe(1);
      expect(stderr).toContain(fileAt());
      expect(stderr).not.toContain('Starting Katran');
    });
  });

  describe('of -keep_services', () => {
    const keep = (): string[] => ['-services', fileAt(), '-keep_services'];
    /** Fulfilled when the file has them. */
    const kept = (): Promise<void> =>
      expect
        .poll(() => (fs.existsSync(fileAt()) ? read() : undefined), { timeout: 20_000 })
        .toMatchObject(SERVICES);

    it('begin empty without the file; it is written when another client changes something, for its owner only', async () => {
      await balancer.up(keep());
      await balancer.addVips();
      await kept();
      expect(fs.statSync(fileAt()).mode & 0o777).toBe(0o600);
    });

    it('are written once more before a stop', async () => {
      const launcher = await balancer.up(keep());
      await balancer.addVips();
      expect((await launcher.stop()).status).toBe(0);
      expect(read()).toMatchObject(SERVICES);
    });

    it('outlive a katran that is killed: the next start forwards', async () => {
      const launcher = await balancer.up(keep());
      await balancer.addVips();
      await kept();
      process.kill(balancer.katran(), 'SIGKILL');
      await launcher.ended;
      expect(read()).toMatchObject(SERVICES);
      await balancer.up(keep());
      await expectForwarding(balancer);
    });
  });
});
