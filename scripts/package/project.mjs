// What the packaging scripts know about the project.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const home = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
export const at = (...parts) => path.join(home, ...parts);
export const read = (file) => fs.readFileSync(at(file), 'utf8');
export const manifest = JSON.parse(read('package.json'));
/** Packages are made aside and appear all at once, by a rename. */
export const output = at(`dist/.packages.${process.pid}`);
export const published = at('dist/packages');

/** The newest entry of CHANGELOG.md, `## 0.1.0 (2026-11-22)`: the date makes two builds of it the same. */
export function latestRelease() {
  const [, version, date] = /^## (\S+) \((\d{4}-\d\d-\d\d)\)$/m.exec(read('CHANGELOG.md')) ?? [];
  if (version !== manifest.version) {
    fail(`CHANGELOG.md begins with ${version ?? 'no version'}, package.json has ${manifest.version}`);
  }
  return { version, time: new Date(`${date}T12:00:00Z`) };
}

export function fail(message) {
  process.stderr.write(`cannot package: ${message}\n`);
  process.exit(1);
}

/** Runs a program to its end and gives its stdout; ends the script with what it said when it fails. */
export function run(words, options = {}) {
  const [file, ...args] = words;
  const done = spawnSync(file, args, { cwd: home, encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (done.error?.code === 'ENOENT') fail(`${file} is not installed`);
  if (done.status !== 0) {
    fail(`'${words.join(' ')}' ended with ${done.status ?? done.signal ?? done.error}\n${done.stderr ?? ''}`);
  }
  return done.stdout;
}

/** Writes a file of a package, with the folders above it. */
export function put(file, content, mode = 0o644) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content, { mode });
  fs.chmodSync(file, mode);
}

/** npm packages of which something is in dist/ARTIFACT: the build has written down their folders. */
export function bundledPackages(artifact) {
  const { packages } = JSON.parse(read('package-lock.json'));
  return JSON.parse(read(`dist/${artifact}.packages.json`)).map((folder) => {
    const { version, license } = packages[folder];
    return {
      folder,
      name: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license,
    };
  });
}

/** Debian's names of the architectures, with the binary and the npm package of the runtime inside it. */
export const ARCHITECTURES = {
  amd64: {
    artifact: 'start-katran',
    runtimeFolder: 'node_modules/@oven/bun-linux-x64-baseline',
  },
  arm64: {
    artifact: 'start-katran.arm64',
    runtimeFolder: 'packaging/arm64/node_modules/@oven/bun-linux-aarch64',
  },
};

export const runtime = (architecture) => {
  const { runtimeFolder } = ARCHITECTURES[architecture];
  const { name, version, license, homepage } = JSON.parse(read(`${runtimeFolder}/package.json`));
  return { name, version, license, homepage };
};

/**
 * Where the project lives, by START_KATRAN_REPOSITORY: an https address of a git repository with issues. Whoever publishes
 * knows it; it is nowhere in the project.
 */
export function repository(environment = process.env) {
  const url = environment.START_KATRAN_REPOSITORY?.replace(/(\.git)?\/*$/, '') ?? '';
  if (url === '') return undefined;
  if (!/^https:\/\/[^\s/]+\/\S+$/.test(url)) {
    fail(`START_KATRAN_REPOSITORY='${url}' is not the https address of a repository`);
  }
  return { url, git: `${url}.git`, issues: `${url}/issues` };
}
