// `npm run bench`: everything, some 6 minutes. `--guard`: short, fails on ratios. `--soak`: 10,000 gateway checks.
// Builds what is not built, and installs nothing.
// Runs bench/main.ts in the runtime that the binary is made with: it tells what a child process cost, which Node does not.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
for (const [file, ...args] of [
  [process.execPath, path.join(home, 'scripts/prepare.mjs'), '--no-install'],
  [
    path.join(home, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun'),
    '--no-env-file',
    path.join(home, 'bench/main.ts'),
    ...process.argv.slice(2),
  ],
]) {
  const { status } = spawnSync(file, args, {
    cwd: home,
    stdio: 'inherit',
    env: { ...process.env, BENCH_NODE: process.execPath },
  });
  if (status !== 0) process.exit(status ?? 1);
}
