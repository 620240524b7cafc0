import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const home = fileURLToPath(new URL('../..', import.meta.url));
/** Beside the modules, so that they can be linked instead of copied. */
const scratch = fs.mkdtempSync(path.join(home, 'dist/reproducible-'));
afterAll(() => fs.rmSync(scratch, { recursive: true, force: true }));

const SOURCES = [
  ...['bin', 'src', 'proto', 'scripts', 'packaging', 'docs', 'node_modules'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'CHANGELOG.md', 'LICENSE'],
];

/** Builds and packages in a folder of its own; gives what sha256sum says of every artifact. */
function built(folder: string, env: Readonly<Record<string, string>>, umask: string): string {
  const at = path.join(scratch, folder);
  fs.mkdirSync(at, { recursive: true });
  for (const source of SOURCES) execFileSync('cp', ['-al', path.join(home, source), path.join(at, source)]);
  const run = (command: string): string =>
    execFileSync('sh', ['-c', `umask ${umask}; ${command}`], {
      cwd: at,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, HOME: os.homedir(), ...env },
    });
  run('npm run -s build && npm run -s build arm64');
  // One architecture: the other's packages are made by the same lines.
  run('node scripts/package.mjs amd64');
  return run('sha256sum dist/start-katran dist/*.cjs dist/start-katran.arm64 dist/packages/*');
}

/** Whether the folder's path occurs in a file, or in one of an archive's files. */
function mentions(file: string, text: string): boolean {
  const unpack = file.endsWith('.deb')
    ? 'dpkg-deb --fsys-tarfile "$1"'
    : /gz$/.test(file)
      ? 'gzip -dc "$1"'
      : 'cat "$1"';
  const found = execFileSync('sh', ['-c', `${unpack} | grep -acF -- "$2" || true`, 'sh', file, text], {
    encoding: 'utf8',
  });
  return Number(found) > 0;
}

describe('a build', () => {
  it('has the same bytes in two folders, at two times, in two time zones, with two umasks', () => {
    const first = built('one', { TZ: 'UTC' }, '022');
    const second = built('another/and/longer', { TZ: 'Asia/Tokyo', LANG: 'C.UTF-8' }, '027');
    expect(second).toBe(first);
  }, 600_000);

  it('has no path of the machine that made it', () => {
    const folder = path.join(scratch, 'one/dist');
    const packages = fs.readdirSync(path.join(folder, 'packages')).map((name) => `packages/${name}`);
    const artifacts = ['start-katran', 'start-katran-main.cjs', 'start-katran.arm64', ...packages];
    for (const text of [home, scratch, 'node_modules/thread-stream'])
      expect(artifacts.filter((name) => mentions(path.join(folder, name), text))).toEqual([]);
  });
});
