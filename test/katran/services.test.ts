// VIPs and reals of a katran that runs: saved, shown and given back.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Ended } from '../support/launcher.ts';
import { describeUnless } from '../support/describe-unless.ts';
import { real, writeServices } from '../support/services-file.ts';
import { VIP4, VIP6, vipMessage } from '../support/vips.ts';
import { type Balancer } from './rig/balancer.ts';
import { expectForwarding } from './rig/expect-forwarding.ts';
import { SERVICES } from './rig/services.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer, type Scratch } from './rig/scene.ts';

describeUnless(whyNoRealKatran(), 'services of a real katran', () => {
  let balancer: Balancer;
  let files: Scratch;
  eachWithBalancer((made, folder) => ([balancer, files] = [made, folder]));

  const fileAt = (name = 'services.json'): string => path.join(files.path, name);
  const write = (services: object, name?: string): string => {
    writeServices(fileAt(name), services);
    return fileAt(name);
  };
  const services = (...words: string[]): Promise<Ended> => balancer.command(['services', ...words]);
  const saved = async (): Promise<object> => {
    const { status, stdout, stderr } = await services('save');
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout) as object;
  };

  describe('save', () => {
    it('prints what another client gave katran, in the order of addresses', async () => {
      await balancer.startKatran();
      await balancer.addVips();
      expect(await saved()).toMatchObject(SERVICES);
    });

    it('gives the same bytes for the same services, whatever the order they were added in', async () => {
      await balancer.startKatran();
      await balancer.addVips();
      const before = await services('save', '-o', fileAt('before'));
      expect(before.status, before.stderr).toBe(0);
      for (const vip of [VIP4, VIP6]) await balancer.call('delVip', vipMessage(vip));
      await balancer.addVip(VIP6, ['fd30::2', 'fd30::1']);
      await balancer.addVip(VIP4, ['10.0.0.3', '10.0.0.1', '10.0.0.2']);
      expect((await services('save', '-o', fileAt('after'))).status).toBe(0);
      expect(fs.readFileSync(fileAt('after'), 'utf8')).toBe(fs.readFileSync(fileAt('before'), 'utf8'));
    });

    it('keeps flags, weights and QUIC ids through a katran that was started anew', async () => {
      const first = await balancer.startKatran();
      await balancer.addVips();
      await balancer.call('modifyVip', { vip: vipMessage(VIP4), flags: '1026', setFlag: true });
      await balancer.call('addRealForVip', {
        vip: vipMessage(VIP4),
        real: { address: '10.0.0.2', weight: 0 },
      });
      await balancer.call('modifyQuicRealsMapping', {
        action: 'ADD',
        reals: { qreals: [{ address: '10.0.0.1', id: 7 }] },
      });
      const before = await saved();
      expect(before).toMatchObject({
        vips: [{ flags: ['NO_LRU', 1024], reals: [{}, { weight: 0 }, {}] }, {}],
        quic: [{ address: '10.0.0.1', id: 7 }],
      });
      process.kill(first, 'SIGTERM');
      await balancer.katransEnd();
      await balancer.startKatran();
      const restored = await services('restore', write(before));
      expect(restored.status, restored.stderr).toBe(0);
      expect(await saved()).toEqual(before);
    });
  });

  it('without a word more, are shown as a table', async () => {
    await balancer.startKatran();
    await balancer.addVips();
    const { status, stdout } = await services();
    expect(status).toBe(0);
    for (const text of [VIP4.address, VIP6.address, '10.0.0.3', 'fd30::2']) expect(stdout).toContain(text);
  });

  describe('restore', () => {
    it('gives an empty katran what the file has: its packets come back', async () => {
      await balancer.startKatran();
      const { status, stderr } = await services('restore', write(SERVICES));
      expect(status, stderr).toBe(0);
      await expectForwarding(balancer);
    });

    it('reads the file from standard input at -', async () => {
      await balancer.startKatran();
      const file = write(SERVICES);
      const piped = `exec "$1" services restore - < "$2"`;
      balancer.run('sh', '-c', piped, 'sh', path.resolve('dist/start-katran'), file);
      await expectForwarding(balancer);
    });

    it('with -dry_run shows what would change, and changes nothing', async () => {
      await balancer.startKatran();
      const { status, stdout } = await services('restore', '-dry_run', write(SERVICES));
      expect(status).toBe(0);
      expect(stdout).toContain(VIP4.address);
      expect(await balancer.call('getAllVips', {})).toEqual({ answer: { vips: [] } });
    });

    it('changes what differs and adds what lacks; only -exact removes what the file does not have', async () => {
      await balancer.startKatran();
      await balancer.addVip(VIP4, ['10.0.0.1', '10.0.0.9']);
      const extra = { address: '10.200.1.7', port: 80, protocol: 'tcp' } as const;
      await balancer.addVip(extra, ['10.0.0.1']);
      expect((await services('restore', write(SERVICES))).status).toBe(0);
      expect(await saved()).toMatchObject({
        vips: [{ address: VIP4.address }, { address: extra.address }, { address: VIP6.address }],
      });
      expect((await services('restore', '-exact', write(SERVICES))).status).toBe(0);
      expect(await saved()).toMatchObject(SERVICES);
    });

    it.each([
      ['a weight that is none', 'vips[0].reals[1].weight', { weight: -1 }],
      ['an address that is none', 'vips[0].reals[1].address', { address: '10.0.0' }],
    ])('refuses %s, with its place, before anything is sent', async (_what, place, wrong) => {
      await balancer.startKatran();
      const [first] = SERVICES.vips;
      const bad = {
        ...SERVICES,
        vips: [{ ...first, reals: [real('10.0.0.1'), { ...real('10.0.0.2'), ...wrong }] }],
      };
      const { status, stderr } = await services('restore', write(bad));
      expect(status).toBe(1);
      expect(stderr).toContain(place);
      expect(await balancer.call('getAllVips', {})).toEqual({ answer: { vips: [] } });
    });
  });
});
