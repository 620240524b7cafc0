import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import { runLauncher, scratch, type Artifact } from '../support/launcher.ts';
import { builtPackages } from './built-packages.ts';
import { expectLaunch } from './expect-launch.ts';

const directory = scratch();
const root = path.join(directory.path, 'root');
const inRoot = (...parts: string[]): string => path.join(root, ...parts);
const installed: Artifact = {
  name: 'the installed binary',
  file: inRoot('usr/bin/start-katran'),
  prefix: [],
};
const UNITS = ['start-katran.service', 'start-katran-affinity.service'];
let deb = '';

const run = (file: string, ...args: string[]): string =>
  execFileSync(file, args, { encoding: 'utf8', stdio: 'pipe' });

/** Debian's own dpkg on a system of its own; maintainer scripts get DPKG_ROOT, there is no chroot. */
const dpkg = (...args: string[]): string =>
  run('dpkg', `--root=${root}`, `--log=${directory.path}/log`, '--force-script-chrootless', ...args);

/** Everything in the test root but dpkg's own records. */
const filesOfRoot = (): string[] =>
  run('find', root, '-path', inRoot('var/lib/dpkg'), '-prune', '-o', '-printf', '%P\n').split('\n').sort();

function installedVersion(name: string): string {
  return run('dpkg-query', '-W', '-f', '${Version}', name);
}

/** A Debian with nothing but what the package depends on. */
function makeRoot(): void {
  for (const folder of ['info', 'updates', 'triggers']) {
    fs.mkdirSync(inRoot('var/lib/dpkg', folder), { recursive: true });
  }
  const entries = ['libc6', 'init-system-helpers'].map((name) =>
    [
      `Package: ${name}`,
      'Status: install ok installed',
      'Maintainer: none <none@localhost>',
      'Architecture: amd64',
      `Version: ${installedVersion(name)}`,
      'Description: here by name only',
      '',
    ].join('\n'),
  );
  fs.writeFileSync(inRoot('var/lib/dpkg/status'), entries.join('\n'));
  for (const name of ['libc6', 'init-system-helpers']) {
    fs.writeFileSync(inRoot('var/lib/dpkg/info', `${name}.list`), '/.\n');
  }
}

/** A package as it was while the flag file was a conffile. */
function oldPackage(flags: string): string {
  const staged = path.join(directory.path, 'old');
  fs.mkdirSync(path.join(staged, 'etc/start-katran'), { recursive: true });
  fs.writeFileSync(path.join(staged, 'etc/start-katran/flags'), flags);
  fs.mkdirSync(path.join(staged, 'DEBIAN'), { recursive: true });
  fs.writeFileSync(path.join(staged, 'DEBIAN/conffiles'), '/etc/start-katran/flags\n');
  const control = ['Package: start-katran', 'Version: 0.0.9-1', 'Architecture: amd64'];
  fs.writeFileSync(
    path.join(staged, 'DEBIAN/control'),
    [...control, 'Maintainer: none <none@localhost>', 'Description: the old one', ''].join('\n'),
  );
  const old = path.join(directory.path, 'old.deb');
  run('dpkg-deb', '--root-owner-group', '-b', staged, old);
  return old;
}

beforeAll(async () => {
  ({ deb } = await builtPackages());
  makeRoot();
});
afterAll(() => directory.remove());

describe('the .deb', () => {
  it('satisfies lintian: no error, no warning', () => {
    const { status, stdout, stderr } = spawnSync('lintian', ['--allow-root', '--info', deb], {
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('has no conffile: nothing is configured until the operator writes the flag file', () => {
    expect(run('dpkg-deb', '-c', deb)).not.toContain('./etc/');
    expect(run('dpkg-deb', '-I', deb)).not.toContain('conffiles');
  });

  it('belongs to root, and nobody else may write', () => {
    const entries = run('dpkg-deb', '-c', deb).trimEnd().split('\n');
    const wrong = entries.filter((line) => !/^[-d]rw[-x]r-[-x]r-[-x] root\/root /.test(line));
    expect(wrong).toEqual([]);
  });

  it('says which libraries it needs, as dpkg-shlibdeps found them', () => {
    expect(run('dpkg-deb', '-f', deb, 'Depends')).toMatch(/^libc6 \(>= 2\.\d+\), init-system-helpers \(>= /);
    expect(run('dpkg-deb', '-f', deb, 'Version').trim()).toBe(`${version}-1`);
  });
});

describe('installed in a test root', () => {
  let before: string[];

  beforeAll(() => {
    before = filesOfRoot();
    dpkg('-i', deb);
  });

  it('runs', async () => {
    expect(await runLauncher(installed, ['-version'])).toMatchObject({
      status: 0,
      stdout: `start-katran ${version}\n`,
      stderr: '',
    });
  });

  it('launches katran', async () => {
    await expectLaunch(installed);
  });

  it('has everything in its place', () => {
    for (const file of [
      'usr/bin/start-katran',
      'usr/lib/systemd/system/start-katran.service',
      'usr/lib/systemd/system/start-katran-affinity.service',
      'usr/lib/systemd/system/start-katran@.service',
      'usr/lib/systemd/system/start-katran-affinity@.service',
      'usr/lib/systemd/system-preset/80-start-katran.preset',
      'usr/share/bash-completion/completions/start-katran',
      'usr/share/zsh/vendor-completions/_start-katran',
      'usr/share/fish/vendor_completions.d/start-katran.fish',
      'usr/share/doc/start-katran/copyright',
      'usr/share/doc/start-katran/changelog.Debian.gz',
      'usr/share/doc/start-katran/flags.example',
      'usr/share/doc/start-katran/examples/more-capabilities.conf',
      'usr/share/doc/start-katran/examples/handover.conf',
      'usr/share/doc/start-katran/examples/always-again.conf',
      'usr/share/doc/start-katran/docs/troubleshooting.md',
      'usr/share/doc/start-katran/docs/screens/status.txt',
    ]) {
      expect(fs.statSync(inRoot(file)).size, file).toBeGreaterThan(0);
    }
  });

  it('man start-katran shows the page, without a warning', () => {
    const page = spawnSync('man', ['--warnings', '-M', inRoot('usr/share/man'), 'start-katran'], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80', LANG: 'C.UTF-8' },
    });
    expect(page.stderr).toBe('');
    expect(page.stdout).toMatch(/^START-KATRAN\(8\)/);
    expect(page.stdout).toContain('-affinity_guard');
  });

  it('enables no unit', () => {
    expect(filesOfRoot().filter((file) => file.startsWith('etc/systemd'))).toEqual([]);
  });

  it('keeps the flag file as the operator wrote it, through a reinstall and a removal', () => {
    fs.mkdirSync(inRoot('etc/start-katran'), { recursive: true });
    fs.writeFileSync(inRoot('etc/start-katran/flags'), 'lru_size=1000\n');
    dpkg('-i', deb);
    expect(fs.readFileSync(inRoot('etc/start-katran/flags'), 'utf8')).toBe('lru_size=1000\n');
    dpkg('-r', 'start-katran');
    expect(fs.existsSync(installed.file)).toBe(false);
    expect(fs.readFileSync(inRoot('etc/start-katran/flags'), 'utf8')).toBe('lru_size=1000\n');
  });

  it.each([
    ['goes when nobody has edited it', '# as it came\n', undefined],
    ['stays when somebody has', 'lru_size=1000\n', 'lru_size=1000\n'],
  ])('the flag file of the time when it was a conffile %s', (_, now, after) => {
    fs.rmSync(inRoot('etc/start-katran'), { recursive: true, force: true });
    dpkg('-i', oldPackage('# as it came\n'));
    fs.writeFileSync(inRoot('etc/start-katran/flags'), now);
    dpkg('-i', deb);
    const file = inRoot('etc/start-katran/flags');
    expect(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined).toBe(after);
  });

  it('leaves nothing after a purge, enabled units and instances, flags and saved masks included', () => {
    dpkg('-i', deb);
    const instance = inRoot('etc/systemd/system/multi-user.target.wants/start-katran@eth1.service');
    fs.mkdirSync(path.dirname(instance), { recursive: true });
    fs.symlinkSync('/usr/lib/systemd/system/start-katran@.service', instance);
    fs.mkdirSync(inRoot('etc/start-katran'), { recursive: true });
    for (const flags of ['flags', 'eth1.flags']) fs.writeFileSync(inRoot('etc/start-katran', flags), 'run\n');
    for (const unit of UNITS) {
      execFileSync('deb-systemd-helper', ['enable', unit], {
        env: { ...process.env, DPKG_ROOT: root, DPKG_MAINTSCRIPT_PACKAGE: 'start-katran' },
        stdio: 'pipe',
      });
    }
    expect(filesOfRoot()).toContain('etc/systemd/system/multi-user.target.wants/start-katran.service');
    fs.mkdirSync(inRoot('run/start-katran'), { recursive: true });
    fs.writeFileSync(inRoot('run/start-katran/eth0.json'), '{}');
    dpkg('--purge', 'start-katran');
    // Folders that belong to systemd and to every Debian stay; none of our names does.
    const left = filesOfRoot().filter((file) => !before.includes(file));
    expect(left.filter((file) => fs.lstatSync(inRoot(file)).isFile() || file.includes('katran'))).toEqual([]);
  });
});
