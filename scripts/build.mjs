// Builds both artifacts from bin/start-katran.ts: dist/start-katran (Bun, self-contained) and dist/start-katran.cjs (Node).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bun = path.join(home, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun');
const entry = path.join(home, 'bin/start-katran.ts');
const dist = path.join(home, 'dist');

// The binary runs as root in any directory: it must not obey files that lie there.
const noAutoload = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map(
  (file) => `--no-compile-autoload-${file}`,
);

const artifacts = [
  {
    file: 'start-katran',
    // Split, so that a run loads only what it imports on its way.
    options: [
      '--compile',
      '--minify',
      '--bytecode',
      '--splitting',
      '--target=bun',
      '--format=esm',
      // Most runs are over before compiling a function pays: it is done ten times later than the runtime would.
      '--compile-jit-policy=10',
      ...noAutoload,
    ],
  },
  {
    file: 'start-katran.cjs',
    options: ['--target=node', '--format=cjs', '--minify', '--banner=#!/usr/bin/env node'],
  },
];

fs.mkdirSync(dist, { recursive: true });
for (const { file, options } of artifacts) {
  // Built aside and renamed: a running copy keeps its file, and a failed build leaves the old one.
  const fresh = path.join(dist, `.${file}.${process.pid}${path.extname(file)}`);
  const run = spawnSync(bun, ['build', entry, ...options, `--outfile=${fresh}`], {
    cwd: home,
    encoding: 'utf8',
  });
  if (run.status !== 0) {
    process.stderr.write(
      `${run.stdout}${run.stderr}\ncannot build dist/${file}: bun build ended with ${run.status}\n`,
    );
    process.exit(1);
  }
  fs.chmodSync(fresh, 0o755);
  fs.renameSync(fresh, path.join(dist, file));
}
