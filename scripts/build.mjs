// Builds the artifacts from bin/start-katran.ts: dist/start-katran (Bun, self-contained) and dist/start-katran.cjs (Node), which
// loads dist/start-katran-main.cjs beside it;
// with `arm64` as the argument instead dist/start-katran.arm64, the binary for that architecture, on this machine.
//
// The same source and packages give the same bytes, wherever the folder is and whenever it is built.
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

// Packages ask for the folder of their own file: the bundler would write that of this machine into the artifact. None of
// what they look for there is in an artifact.
const noBuildFolder = ['--define=__dirname="/"', '--define=__filename="/start-katran"'];

const binary = [
  '--compile',
  '--minify',
  // Split, so that a run loads only what it imports on its way.
  '--splitting',
  '--format=esm',
  // Most runs are over before compiling a function pays: it is done 64 times later than the runtime would.
  '--compile-jit-policy=64',
  ...noAutoload,
];

// V8 parses a file as a whole before its first statement, 40 ms for the bundle: what needs none of it is answered before.
const MAIN = 'start-katran-main.cjs';
const { version } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8'));
const FRONT = `#!/usr/bin/env node
'use strict';
const [first, ...others] = process.argv.slice(2);
if (others.length === 0 && (first === '-version' || first === '--version')) console.log('start-katran ${version}');
else require('./${MAIN}');
`;

const ARTIFACTS = {
  native: [
    { file: 'start-katran', options: [...binary, '--bytecode', '--target=bun'] },
    {
      file: 'start-katran.cjs',
      options: ['--target=node', '--format=cjs', '--minify'],
      front: FRONT,
    },
  ],
  arm64: [
    {
      file: 'start-katran.arm64',
      options: [
        ...binary,
        '--bytecode',
        '--target=bun-linux-arm64',
        `--compile-executable-path=${path.join(home, 'packaging/arm64/node_modules/@oven/bun-linux-aarch64/bin/bun')}`,
      ],
    },
  ],
};

/** Folders of the npm packages of which something is in the artifact, as the bundler's own analysis has it. */
function packagesInside(analysis) {
  const { outputs } = JSON.parse(fs.readFileSync(analysis, 'utf8'));
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const folders = used.map(([file]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort();
}

function build({ file, options, front }) {
  // Built aside and renamed: a running copy keeps its file, and a failed build leaves the old one. The name is the same in every
  // build, because it is in the artifact; the folder is not.
  const aside = fs.mkdtempSync(path.join(dist, '.build-'));
  try {
    const name = file.endsWith('.cjs') ? 'start-katran.cjs' : 'start-katran';
    const fresh = path.join(aside, name);
    const analysis = path.join(aside, 'analysis.json');
    const words = [
      'build',
      entry,
      ...options,
      ...noBuildFolder,
      `--metafile=${analysis}`,
      `--outfile=${fresh}`,
    ];
    const run = spawnSync(bun, words, { cwd: home, encoding: 'utf8' });
    if (run.status !== 0) {
      process.stderr.write(
        `${run.stdout}${run.stderr}\ncannot build dist/${file}: bun build ended with ${run.status}\n`,
      );
      process.exitCode = 1;
      return;
    }
    const inside = `${JSON.stringify(packagesInside(analysis), null, 2)}\n`;
    fs.writeFileSync(path.join(dist, `${file}.packages.json`), inside);
    fs.chmodSync(fresh, 0o755);
    if (front !== undefined) {
      fs.renameSync(fresh, path.join(dist, MAIN));
      fs.writeFileSync(fresh, front, { mode: 0o755 });
    }
    fs.renameSync(fresh, path.join(dist, file));
  } finally {
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

const [which = 'native'] = process.argv.slice(2);
const artifacts = ARTIFACTS[which];
if (artifacts === undefined) {
  process.stderr.write(`cannot build '${which}': nothing or 'arm64' can be built\n`);
  process.exit(2);
}
fs.mkdirSync(dist, { recursive: true });
artifacts.forEach(build);
