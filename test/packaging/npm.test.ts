import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json';
import { scratch, type Artifact } from '../support/launcher.ts';
import { publishedManifest } from '../../scripts/package/npm.mjs';
import { builtPackages } from './built-packages.ts';
import { expectLaunch } from './expect-launch.ts';

const { version } = manifest;
const directory = scratch();
const prefix = path.join(directory.path, 'global');
const installed: Artifact = {
  name: 'the installed bundle',
  file: path.join(prefix, 'bin/start-katran'),
  prefix: [],
};
let tarball = '';

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
  ({ tarball } = await builtPackages());
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
        'dist/start-katran-main.cjs',
        'dist/start-katran.cjs',
        'package.json',
        'services.schema.json',
        'start-katran.8',
      ].map((file) => `package/${file}`),
    );
  });

  it('has nothing to install beside it, and runs nothing when it is installed', () => {
    const published: unknown = JSON.parse(
      execFileSync('tar', ['-xOzf', tarball, 'package/package.json'], { encoding: 'utf8' }),
    );
    expect(published).toMatchObject({
      name: 'start-katran',
      version,
      bin: { 'start-katran': 'dist/start-katran.cjs' },
    });
    for (const key of ['dependencies', 'devDependencies', 'scripts', 'type', 'private'])
      expect(published).not.toHaveProperty(key);
  });

  it('is the only thing that can be published: npm refuses the project itself', () => {
    expect(manifest.private).toBe(true);
  });

  it('names the repository, its issues and its home page as whoever publishes it says', () => {
    const place = 'https://git.example/team/start-katran';
    expect(publishedManifest({ START_KATRAN_REPOSITORY: `${place}.git` })).toMatchObject({
      homepage: `${place}#readme`,
      repository: { type: 'git', url: `git+${place}.git` },
      bugs: { url: `${place}/issues` },
    });
    expect(publishedManifest({})).not.toHaveProperty('repository');
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
    expect(fs.readFileSync(path.join(prefix, 'share/man/man8/start-katran.8'), 'utf8')).toMatch(/^\.TH/m);
    await expectLaunch(installed);
  });
});
