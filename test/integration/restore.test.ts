import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, runLauncher, type Ended } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';

describe.each(ARTIFACTS)('restore, with $name', (artifact) => {
  let staged: StagedLaunch;
  let before: Record<string, string>;
  const run = (...words: string[]): Promise<Ended> => {
    const command = words[0]?.startsWith('-') === true ? [] : words.splice(0, 1);
    return runLauncher(artifact, [...command, '-sysroot', staged.sysroot, '-intf', 'eth0', ...words]);
  };
  const saved = (): string => path.join(staged.sysroot, 'run/start-katran/eth0.json');

  beforeEach(async () => {
    staged = await stageLaunch();
    before = staged.masks();
  });
  afterEach(() => staged.remove());

  it('puts every mask back as it was before the first of several runs, and removes the file', async () => {
    await run('-affinitize_only');
    await run('-affinitize_only', '-strategy', 'sequential', '-cpus', '7');
    expect(staged.masks()).not.toEqual(before);
    expect(fs.statSync(saved()).mode & 0o777).toBe(0o600);
    const { status, stdout } = await run('restore');
    expect(status).toBe(0);
    expect(stdout).toContain('restored irq 31 (virtio1-input.1) from mask 00000080 to');
    expect(staged.masks()).toEqual(before);
    expect(fs.existsSync(saved())).toBe(false);
  });

  it('reports a vector that has another name now, and leaves it alone', async () => {
    await run('-affinitize_only');
    const interrupts = path.join(staged.sysroot, 'proc/interrupts');
    fs.chmodSync(interrupts, 0o644);
    fs.writeFileSync(interrupts, fs.readFileSync(interrupts, 'utf8').replace('virtio1-input.1', 'nvme9q1'));
    const { status, stdout } = await run('restore', '-json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      gone: [{ irq: 31, name: 'virtio1-input.1', reason: 'the interrupt is now nvme9q1' }],
      fileRemoved: true,
    });
    expect(staged.masks()).toEqual({ ...before, 31: '00000010' });
  });

  it('with -dry_run says what it would do, and does nothing', async () => {
    await run('-affinitize_only');
    const planned = staged.masks();
    const { status, stdout } = await run('restore', '-dry_run');
    expect(status).toBe(0);
    expect(stdout).toContain('would restore irq 29 (virtio1-input.0)');
    expect(staged.masks()).toEqual(planned);
    expect(fs.existsSync(saved())).toBe(true);
  });

  it('beside a launcher at work is refused and names it: its guard would write the plan again', async () => {
    const launcher = staged.launch(artifact, ['-affinitize']);
    await launcher.isUp();
    const planned = staged.masks();
    const { status, stderr } = await run('restore');
    expect(status).toBe(1);
    expect(stderr).toContain(`start-katran (pid ${launcher.child.pid ?? ''}) is at work on eth0`);
    expect(staged.masks()).toEqual(planned);
    expect((await run('restore', '-dry_run')).status).toBe(0);
    await launcher.stop();
    expect((await run('restore')).status).toBe(0);
    expect(staged.masks()).toEqual(before);
  });

  it('with nothing saved says so; exit 1', async () => {
    const { status, stderr } = await run('restore');
    expect(status).toBe(1);
    expect(stderr).toContain(`nothing saved for eth0 in ${saved()}`);
  });

  it('with a damaged file says so and writes nothing; exit 1', async () => {
    await run('-affinitize_only');
    const planned = staged.masks();
    fs.writeFileSync(saved(), '{"version":1,"masks":[{"irq":"29"}]}');
    const { status, stderr } = await run('restore');
    expect(status).toBe(1);
    expect(stderr).toContain(saved());
    expect(staged.masks()).toEqual(planned);
  });
});
