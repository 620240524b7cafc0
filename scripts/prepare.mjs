// Installs the packages and builds, each only when something it depends on has changed. Needs Node and npm, nothing else.
// `--no-install`: the packages must be there already, of the lock file or not; only building is done.
// With `arm64` as the argument the binary for that architecture too, and the runtime that it is made of.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => path.join(home, ...parts);
const bun = at('node_modules/@oven/bun-linux-x64-baseline/bin/bun');

function run(words, what) {
  const [file, ...args] = words;
  const done = spawnSync(file, args, { cwd: home, stdio: 'inherit' });
  if (done.status === 0) return;
  process.stderr.write(
    `${what} failed: '${words.join(' ')}' ended with ${done.status ?? done.signal ?? done.error}\n`,
  );
  process.exit(1);
}

/** One hash over files and folders. */
function fingerprint(names) {
  const hash = createHash('sha256').update(process.version);
  const add = (file) => {
    if (fs.statSync(file).isDirectory()) {
      for (const name of fs.readdirSync(file).sort()) add(path.join(file, name));
    } else {
      hash.update(`\0${file}\0`).update(fs.readFileSync(file));
    }
  };
  for (const name of names) add(at(name));
  return hash.digest('hex');
}

/** Does the work unless its stamp says that it was done with the same input. */
function unlessDone(stamp, input, results, work) {
  const wanted = fingerprint(input);
  const current = fs.existsSync(stamp) ? fs.readFileSync(stamp, 'utf8') : '';
  if (current === wanted && results.every((result) => fs.existsSync(at(result)))) return;
  work();
  fs.writeFileSync(stamp, wanted);
}

const SOURCES = [
  'bin',
  'src',
  'proto',
  'scripts/build.ts',
  'scripts/build',
  'package.json',
  'package-lock.json',
];

if (process.argv.includes('--no-install')) {
  if (!fs.existsSync(at('node_modules/@oven'))) {
    process.stderr.write("the packages are not installed; 'npm ci --ignore-scripts' does it\n");
    process.exit(1);
  }
} else {
  unlessDone(at('node_modules/.installed'), ['package-lock.json'], [], () =>
    // No package here needs its install script; protobufjs's only prints.
    run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], 'installing the packages'),
  );
}
unlessDone(
  at('dist/.built'),
  SOURCES,
  ['dist/start-katran', 'dist/start-katran.cjs', 'dist/start-katran-main.cjs'],
  () => run([bun, at('scripts/build.ts')], 'building'),
);
if (process.argv.includes('arm64')) {
  const runtime = 'packaging/arm64';
  unlessDone(
    at(runtime, '.installed'),
    [`${runtime}/package-lock.json`],
    [`${runtime}/node_modules/@oven/bun-linux-aarch64/bin/bun`],
    () => {
      // --force: this machine has another architecture, and that is meant.
      const words = ['npm', 'ci', '--prefix', at(runtime), '--ignore-scripts', '--no-audit', '--no-fund'];
      run([...words, '--force', '--cpu=arm64', '--os=linux'], 'installing the runtime for arm64');
    },
  );
  unlessDone(
    at('dist/.built-arm64'),
    [...SOURCES, `${runtime}/package-lock.json`],
    ['dist/start-katran.arm64'],
    () => run([bun, at('scripts/build.ts'), 'arm64'], 'building for arm64'),
  );
}
