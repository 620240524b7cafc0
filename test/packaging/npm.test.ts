import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import lock from '../../package-lock.json';
import { scratch, type Artifact } from '../support/launcher.ts';
import { stageLaunch } from '../support/staged-launch.ts';
import { PACKAGES, builtPackages } from './built-packages.ts';

const directory = scratch();
const prefix = path.join(directory.path, 'global');
const installed: Artifact = {
  name: 'the installed bundle',
  file: path.join(prefix, 'bin/start-katran'),
  prefix: [],
};
let tarball = '';
let deb = '';

/** npm without network, with a cache and a home of its own: what is not in the tarball is not there. */
const npm = (file: string, ...args: string[]): string =>
  execFileSync(file, args, {
    encoding: 'utf8',
    cwd: directory.path,
    stdio: 'pipe',
    env: {
      PATH: process.env.PATH,
      HOME: directory.path,
      npm_config_cache: path.join(directory.path, 'cache'),
      npm_config_offline: 'true',
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_update_notifier: 'false',
    },
  });

beforeAll(async () => {
  ({ tarball, deb } = await builtPackages());
});
afterAll(() => directory.remove());

describe('the npm package', () => {
  it('holds what it needs and nothing else', () => {
    const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trimEnd().split('\n').sort();
    expect(files).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'THIRD-PARTY-LICENSES',
        'dist/start-katran.cjs',
        'package.json',
      ].map((file) => `package/${file}`),
    );
  });

  it('has nothing to install beside it, and runs nothing when it is installed', () => {
    const manifest: unknown = JSON.parse(
      execFileSync('tar', ['-xOzf', tarball, 'package/package.json'], { encoding: 'utf8' }),
    );
    expect(manifest).toMatchObject({
      name: 'start-katran',
      version,
      bin: { 'start-katran': 'dist/start-katran.cjs' },
    });
    for (const key of ['dependencies', 'devDependencies', 'scripts', 'type'])
      expect(manifest).not.toHaveProperty(key);
  });

  it('runs by npx from the tarball, without network', () => {
    expect(npm('npx', '--yes', `--package=${tarball}`, 'start-katran', '-version')).toBe(
      `start-katran ${version}\n`,
    );
  });

  it('is installed globally from the tarball, without network, and launches katran', async () => {
    npm('npm', 'install', '--global', `--prefix=${prefix}`, '--no-audit', '--no-fund', tarball);
    expect(fs.readdirSync(path.join(prefix, 'lib/node_modules'))).toEqual(['start-katran']);
    expect(fs.existsSync(path.join(prefix, 'lib/node_modules/start-katran/node_modules'))).toBe(false);
    const staged = await stageLaunch();
    try {
      const launcher = staged.launch(installed, ['-affinitize']);
      await launcher.saysOnStderr(/katran is up and running/);
      launcher.kill('SIGTERM');
      expect((await launcher.ended).status).toBe(0);
    } finally {
      await staged.remove();
    }
  });
});

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly hashes: readonly { readonly content: string }[] } };
  readonly components: readonly { readonly name: string; readonly version: string }[];
}
const bom = (file: string): Bom => JSON.parse(fs.readFileSync(`${file}.cdx.json`, 'utf8')) as Bom;

const bundled = Object.entries(lock.packages)
  .filter(([folder, entry]) => folder !== '' && !('dev' in entry))
  .map(([folder, entry]) => `${folder.replace(/^.*node_modules\//, '')}@${entry.version}`)
  .sort();
const named = (file: string): string[] =>
  bom(file)
    .components.map(({ name, version: of }) => `${name}@${of}`)
    .sort();

describe('papers of both packages', () => {
  it('SHA256SUMS has the sums of both packages and both bills', () => {
    const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: PACKAGES, encoding: 'utf8' });
    expect(checked.match(/: OK$/gm)).toHaveLength(4);
  });

  it('the bill of the npm package names exactly what is bundled', () => {
    expect(named(tarball)).toEqual(bundled);
  });

  it('the bill of the .deb names the runtime too', () => {
    const runtime = `@oven/bun-linux-x64-baseline@${lock.packages['node_modules/@oven/bun-linux-x64-baseline'].version}`;
    expect(named(deb)).toEqual([...bundled, runtime].sort());
  });

  it('a bill is CycloneDX, and belongs to its package by its sum', () => {
    for (const file of [deb, tarball]) {
      const [sum] = execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ');
      expect(bom(file)).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
      expect(bom(file).metadata.component.hashes[0]?.content).toBe(sum);
    }
  });
});
