// Builds the katran double as one executable file; plain JavaScript, so that scripts can call it without a build of their own.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '../../..');
const output = join(top, 'dist/test/katran_server_grpc');
const bun = join(top, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');

/**
 * The path of the double, built if it is missing or older than one of its sources. Safe to call from several processes
 * at once: each builds beside the target and renames.
 * @returns {string}
 */
export function buildKatranDouble() {
  if (isFresh()) return output;
  const began = new Date();
  mkdirSync(dirname(output), { recursive: true });
  const scratch = mkdtempSync(join(dirname(output), '.build-'));
  try {
    const built = join(scratch, 'katran_server_grpc');
    const modes = [
      '--compile',
      '--minify',
      '--bytecode',
      '--format=cjs',
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
    ];
    execFileSync(bun, ['build', ...modes, join(here, 'main.ts'), '--outfile', built], {
      cwd: scratch,
      stdio: 'pipe',
    });
    utimesSync(built, began, began); // a source saved while building counts as newer
    renameSync(built, output);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return output;
}

function isFresh() {
  if (!existsSync(output)) return false;
  const own = readdirSync(here).map((name) => join(here, name));
  const shared = ['proto/katran.proto', 'src/katran/service-methods.ts', 'package-lock.json'].map((path) =>
    join(top, path),
  );
  const built = statSync(output).mtimeMs;
  return [...own, ...shared].every((path) => statSync(path).mtimeMs <= built);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(buildKatranDouble());
}
