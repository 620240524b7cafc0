import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('../..', import.meta.url));
export const PACKAGES = path.join(home, 'dist/packages');
const LOCK = path.join(home, 'dist/.packaging');

const newest = (folder: string, names: readonly string[]): number =>
  Math.max(...names.map((name) => fs.statSync(path.join(folder, name)).mtimeMs));

export interface Packages {
  readonly deb: string;
  readonly debArm64: string;
  readonly tarball: string;
  readonly binary: string;
  readonly binaryArm64: string;
}

/** All packages, made from what is in dist unless they are younger. One test file makes them, others wait for it. */
export async function builtPackages(): Promise<Packages> {
  const find = (pattern: RegExp): string => {
    const name = fs.readdirSync(PACKAGES).find((file) => pattern.test(file));
    if (name === undefined) throw new Error(`nothing like ${pattern.source} in ${PACKAGES}`);
    return path.join(PACKAGES, name);
  };
  const release = await lock();
  try {
    const sums = path.join(PACKAGES, 'SHA256SUMS');
    const folders = [
      'packaging/debian',
      'packaging/runtime-licences',
      'packaging/systemd',
      'scripts/package',
      'docs',
    ];
    const input = [
      'dist/start-katran',
      'dist/start-katran.cjs',
      'dist/start-katran-main.cjs',
      'packaging/flags',
      'packaging/start-katran.8',
      'packaging/services.schema.json',
      'package.json',
      'README.md',
      'CHANGELOG.md',
      ...folders.flatMap((folder) =>
        fs.readdirSync(path.join(home, folder)).map((name) => `${folder}/${name}`),
      ),
    ];
    if (!fs.existsSync(sums) || fs.statSync(sums).mtimeMs < newest(home, input)) {
      execFileSync('npm', ['run', '-s', 'package'], { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] });
    }
  } finally {
    release();
  }
  return {
    deb: find(/_amd64\.deb$/),
    debArm64: find(/_arm64\.deb$/),
    tarball: find(/\d\.tgz$/),
    binary: find(/-linux-amd64\.tar\.gz$/),
    binaryArm64: find(/-linux-arm64\.tar\.gz$/),
  };
}

/** Test files run in processes of their own: a directory can be made once. */
async function lock(): Promise<() => void> {
  for (;;) {
    try {
      fs.mkdirSync(LOCK);
      fs.writeFileSync(path.join(LOCK, 'pid'), String(process.pid));
      return () => fs.rmSync(LOCK, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = fs.existsSync(path.join(LOCK, 'pid'))
        ? fs.readFileSync(path.join(LOCK, 'pid'), 'utf8')
        : '';
      if (holder !== '' && !fs.existsSync(`/proc/${holder}`))
        fs.rmSync(LOCK, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
