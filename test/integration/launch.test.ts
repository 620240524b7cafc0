import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, BINARY } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';

describe.each(ARTIFACTS)('a launch with $name', (artifact) => {
  let staged: StagedLaunch;
  beforeEach(async () => {
    staged = await stageLaunch();
  });
  afterEach(() => staged.remove());

  it('pins the interrupts, starts katran, pushes the MAC, reports it up, and stops it with SIGTERM', async () => {
    const launcher = staged.launch(artifact, ['-affinitize']);
    await launcher.isUp();
    const { status, stderr, stdout } = await launcher.stop();
    expect(status).toBe(0);
    expect(stderr).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d affinitizing irq 29 to cpu 0 mask 00000001$/m);
    expect(stderr).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d Mac address is 96:a3:21:a5:07:cb$/m);
    expect(stdout).toBe(`Server listening on 127.0.0.1:${staged.port}\n`);
    expect(staged.mask(31)).toBe('00000010');
    expect(staged.stage.journal().map(({ event }) => event)).toContain('changeMac');
    expect(staged.stage.xdpAttached()).toBe(false);
  });

  it('hands every argument to katran as one element of argv', async () => {
    const launcher = staged.launch(artifact, ['--', '-v=3 4', "it's"]);
    const started = await staged.stage.waitFor('start');
    expect(started.argv).toEqual(expect.arrayContaining(['-v=3 4', "it's"]));
    await launcher.ended;
  });

  it('gives katran its own stdout and stderr as they are: non-blocking, glog would lose lines', async () => {
    const launcher = staged.launch(artifact);
    await launcher.isUp();
    const { pid } = await staged.stage.waitFor('start');
    const O_NONBLOCK = 0o4000;
    const blocking = [1, 2].map((descriptor) => {
      const info = fs.readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8');
      return (parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '', 8) & O_NONBLOCK) === 0;
    });
    await launcher.stop();
    expect(blocking).toEqual([true, true]);
  });

  it('plans again once the gateway is known: an interrupt freed meanwhile is left alone, a mask changed meanwhile is what restore knows', async () => {
    const arp = path.join(staged.sysroot, 'proc/net/arp');
    const neighbours = fs.readFileSync(arp);
    fs.rmSync(arp);
    execFileSync('mkfifo', [arp]);
    const before = staged.mask(31);
    const launcher = staged.launch(artifact, ['-affinitize']);
    // Opens as soon as the launcher reads the table: its first plan is made by then.
    const table = await fs.promises.open(arp, 'w');
    const interrupts = path.join(staged.sysroot, 'proc/interrupts');
    const lines = fs.readFileSync(interrupts, 'utf8').split('\n');
    fs.writeFileSync(interrupts, lines.filter((line) => !/^ *31:/.test(line)).join('\n'));
    staged.writeKernelFile('proc/irq/29/smp_affinity', '40\n');
    fs.rmSync(arp);
    fs.writeFileSync(arp, neighbours);
    await table.writeFile(neighbours);
    await table.close();
    await launcher.isUp();
    expect((await launcher.stop()).stderr).not.toContain('affinitizing irq 31 ');
    expect(staged.mask(31)).toBe(before);
    expect(staged.mask(29)).toBe('00000001');
    const saved = fs.readFileSync(path.join(staged.sysroot, 'run/start-katran/eth0.json'), 'utf8');
    expect(saved).toMatch(/"irq":\s*29,[^}]*"mask":\s*"40"/);
  });
});

describe('a launch on a bond', () => {
  let staged: StagedLaunch;
  beforeEach(async () => {
    staged = await stageLaunch({ machine: '8-2-bond-vlan', intf: 'bond0' });
  });
  afterEach(() => staged.remove());
  const flags = ['-default_mac', '96:a3:21:a5:07:cb'];
  const setDown = (name: string): void => staged.writeKernelFile(`sys/class/net/${name}/flags`, '0x1002\n');

  it('starts with one of two members down, and says which', async () => {
    setDown('eth4');
    const launcher = staged.launch(BINARY, flags);
    await launcher.isUp();
    const { status, stderr } = await launcher.stop();
    expect(stderr).toContain('eth4 is down; the others below bond0 carry on without it');
    expect(status).toBe(0);
  });

  it.each([['all members', ['eth2', 'eth4']] as const, ['the bond itself', ['bond0']] as const])(
    'does not start with %s down',
    async (_, names) => {
      names.forEach(setDown);
      const { status, stderr } = await staged.run(BINARY, flags);
      expect(stderr).toMatch(/not starting katran: (eth2|bond0) is down; .*ip link set/);
      expect(status).toBe(1);
    },
  );
});
