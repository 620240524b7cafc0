// Installs the packages and builds, each only when something it depends on has changed. Needs Node and npm, nothing else.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => path.join(home, ...parts);

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

unlessDone(at('node_modules/.installed'), ['package-lock.json'], [], () =>
  // No package here needs its install script; protobufjs's only prints.
  run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], 'installing the packages'),
);
unlessDone(
  at('dist/.built'),
  ['bin', 'src', 'proto', 'scripts/build.mjs', 'package.json', 'package-lock.json'],
  ['dist/start-katran', 'dist/start-katran.cjs'],
  () => run([process.execPath, at('scripts/build.mjs')], 'building'),
);
