import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import { BINARY, runLauncher, scratch, type Artifact } from '../support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../support/staged-launch.ts';
import { builtPackages } from './built-packages.ts';

// qemu's user mode runs the binary as it is packaged; what it starts and whom it calls is of this machine.
const directory = scratch();
const arm64: Artifact = {
  name: 'the installed binary for arm64, under qemu',
  file: 'qemu-aarch64-static',
  prefix: ['-L', '/usr/aarch64-linux-gnu', path.join(directory.path, 'usr/bin/start-katran')],
};
let deb = '';
let staged: StagedLaunch;

beforeAll(async () => {
  ({ debArm64: deb } = await builtPackages());
  execFileSync('dpkg-deb', ['-x', deb, directory.path]);
  staged = await stageLaunch();
});
afterAll(async () => {
  await staged.remove();
  directory.remove();
});

/** Lines of a log without what differs from run to run. */
const withoutTimes = (text: string): string => text.replaceAll(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /gm, '');

describe('the .deb for arm64', () => {
  it('satisfies lintian: no error, no warning', () => {
    const { status, stdout, stderr } = spawnSync('lintian', ['--allow-root', '--info', deb], {
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('says its architecture and its libc', () => {
    const field = (name: string): string =>
      execFileSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).trim();
    expect(field('Architecture')).toBe('arm64');
    expect(field('Depends')).toMatch(/^libc6 \(>= 2\.\d+\), init-system-helpers/);
  });
});

describe('the binary for arm64', () => {
  it('says its version', async () => {
    expect(await runLauncher(arm64, ['-version'])).toMatchObject({
      status: 0,
      stdout: `start-katran ${version}\n`,
      stderr: '',
    });
  });

  it('plans as the one for amd64 does', async () => {
    const preview = ['-sysroot', staged.sysroot, '-intf', 'eth0', '-binary', '/bin/sh', '-json'];
    const [here, there] = await Promise.all([runLauncher(BINARY, preview), runLauncher(arm64, preview)]);
    expect(there.status).toBe(0);
    expect(there.stdout).toBe(here.stdout);
  });

  it('pins the interrupts of a machine as the one for amd64 does', async () => {
    const other = await stageLaunch();
    try {
      const pin = (sysroot: string): string[] => ['-sysroot', sysroot, '-intf', 'eth0', '-affinitize_only'];
      const [here, there] = await Promise.all([
        runLauncher(BINARY, pin(other.sysroot)),
        runLauncher(arm64, pin(staged.sysroot)),
      ]);
      expect(there.status).toBe(0);
      expect(withoutTimes(there.stderr)).toBe(withoutTimes(here.stderr));
      expect(staged.masks()).toEqual(other.masks());
    } finally {
      await other.remove();
    }
  });

  it('refuses a katran for another architecture', async () => {
    const ended = await staged.run(arm64, []);
    expect(ended.stderr).toMatch(/for another kind of machine \(ELF machine 62, this is arm64\)/);
    expect(ended.status).toBe(2);
  });

  it('launches katran, and stops it', async () => {
    // A script, because the double is of this machine: what qemu runs starts it as this machine's kernel does.
    const double = staged.flags[staged.flags.indexOf('-binary') + 1] ?? '';
    const script = path.join(directory.path, 'katran_server_grpc');
    fs.writeFileSync(script, `#!/bin/sh\nexec '${double}' "$@"\n`, { mode: 0o755 });
    const launcher = staged.launch(arm64, ['-affinitize', '-binary', script]);
    await launcher.isUp();
    expect((await launcher.stop()).status).toBe(0);
  });
});
