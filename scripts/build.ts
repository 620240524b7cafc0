// Builds the artifacts from bin/start-katran.ts: dist/start-katran (Bun, self-contained) and dist/start-katran.cjs (Node), which
// loads dist/start-katran-main.cjs beside it;
// with `arm64` as the argument instead dist/start-katran.arm64, the binary for that architecture, on this machine.
// Run by Bun, whose bundler it calls.
//
// The same source and packages give the same bytes, wherever the folder is and whenever it is built.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lighterPackages } from './build/lighter-packages.ts';

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(home, 'dist');

const COMMON: Partial<Bun.BuildConfig> = {
  entrypoints: [path.join(home, 'bin/start-katran.ts')],
  minify: true,
  metafile: true,
  // Packages ask for the folder of their own file: the bundler would write that of this machine into the artifact. None of
  // what they look for there is in an artifact.
  define: { __dirname: '"/"', __filename: '"/start-katran"' },
};

/** The binary, split, so that a run loads only what it imports on its way. */
const BINARY: Partial<Bun.BuildConfig> = {
  ...COMMON,
  splitting: true,
  format: 'esm',
  target: 'bun',
  bytecode: true,
};

const COMPILED = {
  // Most runs are over before compiling a function pays: it is done 64 times later than the runtime would.
  jitPolicy: 64,
  // The binary runs as root in any directory: it must not obey files that lie there.
  autoloadDotenv: false,
  autoloadBunfig: false,
  autoloadTsconfig: false,
  autoloadPackageJson: false,
};

// V8 parses a file as a whole before its first statement, 40 ms for the bundle: what needs none of it is answered before.
const MAIN = 'start-katran-main.cjs';
const { version } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')) as {
  version: string;
};
const FRONT = `#!/usr/bin/env node
'use strict';
const [first, ...others] = process.argv.slice(2);
if (others.length === 0 && (first === '-version' || first === '--version')) console.log('start-katran ${version}');
else require('./${MAIN}');
`;

interface Artifact {
  readonly file: string;
  readonly config: (outfile: string) => Partial<Bun.BuildConfig>;
  /** A file in front of the artifact, which loads it. */
  readonly front?: string;
}

const ARTIFACTS: Readonly<Record<string, readonly Artifact[]>> = {
  native: [
    { file: 'start-katran', config: (outfile) => ({ ...BINARY, compile: { ...COMPILED, outfile } }) },
    {
      file: 'start-katran.cjs',
      config: (outfile) => ({
        ...COMMON,
        target: 'node',
        format: 'cjs',
        outdir: path.dirname(outfile),
        naming: path.basename(outfile),
      }),
      front: FRONT,
    },
  ],
  arm64: [
    {
      file: 'start-katran.arm64',
      config: (outfile) => ({
        ...BINARY,
        compile: {
          ...COMPILED,
          outfile,
          target: 'bun-linux-arm64',
          executablePath: path.join(home, 'packaging/arm64/node_modules/@oven/bun-linux-aarch64/bin/bun'),
        },
      }),
    },
  ],
};

/** Folders of the npm packages of which something is in the artifact, as the bundler's own analysis has it. */
function packagesInside({ outputs }: Bun.BuildMetafile): string[] {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const folders = used.map(([file]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort();
}

async function build({ file, config, front }: Artifact): Promise<void> {
  // Built aside and renamed: a running copy keeps its file, and a failed build leaves the old one. The name is the same in every
  // build, because it is in the artifact; the folder is not.
  const aside = fs.mkdtempSync(path.join(dist, '.build-'));
  try {
    const name = file.endsWith('.cjs') ? 'start-katran.cjs' : 'start-katran';
    const fresh = path.join(aside, name);
    const { plugin, unseen } = lighterPackages();
    const { metafile } = await Bun.build({ ...config(fresh), plugins: [plugin] });
    if (unseen.size > 0) throw new Error(`dist/${file} has nothing of ${[...unseen].join(', ')}`);
    const inside = `${JSON.stringify(packagesInside(metafile), null, 2)}\n`;
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
process.chdir(home);
fs.mkdirSync(dist, { recursive: true });
for (const artifact of artifacts) await build(artifact);
