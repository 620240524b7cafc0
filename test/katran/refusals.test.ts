// Who would take the traffic of another away is refused before anything is done.
import { describe, expect, it } from 'vitest';
import { describeUnless } from '../support/describe-unless.ts';
import { expectNoneLost } from '../support/nothing-lost.ts';
import { VIP4 } from '../support/vips.ts';
import { OTHER_SERVER } from '../support/wire.ts';
import { Balancer } from './rig/balancer.ts';
import { whyNoRealKatran } from './rig/real-katran.ts';
import { eachWithBalancer } from './rig/scene.ts';

describeUnless(whyNoRealKatran(), 'beside what is on the interface already', () => {
  let balancer: Balancer;
  eachWithBalancer((made) => (balancer = made));

  /** A katran that forwards, whose launcher was killed. */
  async function leftAlone(): Promise<number> {
    const launcher = await balancer.up();
    await balancer.addVips();
    const pid = balancer.katran();
    await launcher.killAlone();
    return pid;
  }

  /** What a launch says that does not come up. */
  async function refused(...more: string[]): Promise<string> {
    const launcher = balancer.launch(more);
    // Without a refusal it would go on for ever.
    void launcher.saysOnStderr(/is up and running/).then(
      () => launcher.kill('SIGTERM'),
      () => undefined,
    );
    const { status: exit, stderr } = await launcher.ended;
    expect(stderr).not.toContain('is up and running');
    expect(exit).toBe(1);
    return stderr;
  }

  describe.each([
    ['in standalone mode', false],
    ['in shared mode', true],
  ])('%s', (_mode, shared) => {
    it.each([
      ['with the same -server', []],
      ['with another -server', ['-server', OTHER_SERVER]],
    ])(
      'a start beside a katran that lost its launcher, %s, is refused with its pid, and takes no packet away',
      async (_how, more) => {
        if (shared) balancer.share();
        const pid = await leftAlone();
        const packets = balancer.send(VIP4);
        await packets.firstBack;
        const { status: exit, stderr } = await balancer.launch([...more, '-start_timeout', '15000']).ended;
        expect(stderr).not.toContain('is up and running');
        expect(exit).toBe(1);
        expect(stderr).toMatch(new RegExp(`\\bpid ${pid}\\b`));
        expect(stderr).not.toContain('-server');
        expectNoneLost(await packets.stop());
        expect(balancer.katrans().map((katran) => katran.pid)).toEqual([pid]);
      },
    );
  });

  it('another’s XDP program is named, and stays', async () => {
    balancer.attachForeign();
    const foreign = balancer.attached();
    const stderr = await refused();
    expect(stderr).toMatch(new RegExp(`\\bpass\\b|\\b${foreign?.id ?? ''}\\b`));
    expect(balancer.attached()).toEqual(foreign);
  });

  it('a root program without -map_path is refused, with that flag as the way out, and stays', async () => {
    balancer.share();
    const root = balancer.attached();
    const stderr = await refused('-map_path', '');
    expect(stderr).toContain('-map_path');
    expect(balancer.attached()).toEqual(root);
  });

  it('two katrans on one interface are wrong for status, not a note', async () => {
    await balancer.up();
    await balancer.startKatran([], OTHER_SERVER);
    const { status: exit, stdout } = await balancer.status();
    expect(exit).toBe(3);
    for (const { pid } of balancer.katrans()) expect(stdout).toContain(String(pid));
  });

  it('a katran of another network namespace is none of status’s business', async () => {
    await balancer.up();
    const other = await Balancer.make();
    const elsewhere = await other.startKatran();
    const { status: exit, stdout } = await balancer.status();
    await other.remove();
    expect(exit, stdout).toBe(0);
    expect(stdout).not.toContain(String(elsewhere));
  });

  it('a katran that no launcher supervises is said by status, a supervised one is not', async () => {
    const launcher = await balancer.up();
    expect((await balancer.status()).stdout).not.toMatch(/no launcher|not supervised|unsupervised/i);
    await launcher.killAlone();
    expect((await balancer.status()).stdout).toMatch(/no launcher|not supervised|unsupervised/i);
  });
});
