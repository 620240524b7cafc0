import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import type { Observation } from '../inside/observation.ts';
import { guestImage } from './image.ts';
import { NEIGHBOURHOOD, qemuArguments } from './machine.ts';
import type { Machine } from './machine.ts';

const GUEST = join(import.meta.dirname, '..');
const LOGS = join(GUEST, '../../.cache/guest');
const LIMIT_MS = 540_000;

/**
 * Boots `machine`, runs inside/`machine.name`.ts in it as root, and gives what that observed, by name.
 * `programs` are paths of executables; inside finds a copy of each by the environment variable of its name.
 * Throws with the end of the guest's console when it did not get to its end.
 */
export async function observeInGuest(
  machine: Machine,
  programs: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, Observation>> {
  const image = guestImage();
  const out = mkdtempSync(join(tmpdir(), 'start-katran-guest-'));
  try {
    await bundle(join(GUEST, 'inside', `${machine.name}.ts`), out);
    writeFileSync(join(out, 'run.sh'), runScript(copyPrograms(programs, out)));
    const log = await boot(machine, qemuArguments(machine, { ...image, out }));
    return observations(machine, out, log);
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** The guest has this machine's node, but nothing that turns TypeScript into what node runs. */
async function bundle(entry: string, out: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: entry,
      outDir: out,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'inside.mjs' } },
    },
  });
}

/** Copies: a build that replaces a program while the guest runs it, over the network of sorts, must not change it. */
function copyPrograms(programs: Readonly<Record<string, string>>, out: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(programs).map(([name, path]) => {
      const copy = join(out, name.toLowerCase());
      copyFileSync(path, copy);
      return [name, copy];
    }),
  );
}

function runScript(environment: Readonly<Record<string, string>>): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'\n`);
  return `${exports.join('')}exec '${process.execPath}' /out/inside.mjs\n`;
}

/** Runs qemu until the guest switches itself off; gives the path of the guest's console log. */
async function boot(machine: Machine, qemu: readonly string[]): Promise<string> {
  mkdirSync(LOGS, { recursive: true });
  const log = join(LOGS, `${machine.name}.log`);
  const console = createWriteStream(log);
  // `exec`: the process is qemu in the end, so that the kill at the time limit is qemu's, and so is that by the kernel
  // when the test's own process dies first.
  const script = `${NEIGHBOURHOOD} && exec qemu-system-x86_64 "$@"`;
  const inNamespace = ['--net', 'setpriv', '--pdeathsig', 'KILL', 'sh', '-c', script, 'sh'];
  const child = spawn('unshare', [...inNamespace, ...qemu], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  child.stdout.pipe(console, { end: false });
  child.stderr.pipe(console, { end: false });
  await once(child, 'close');
  console.end();
  await once(console, 'finish');
  return log;
}

function observations(machine: Machine, out: string, log: string): ReadonlyMap<string, Observation> {
  const file = join(out, 'observations');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  writeFileSync(join(LOGS, `${machine.name}.observations`), text);
  const lines = text.split('\n');
  lines.pop(); // after the last newline
  const complete = lines.at(-1) === 'end';
  if (complete) lines.pop();
  // Written by inside/notebook.ts with the same type.
  const seen = new Map(lines.map((line) => JSON.parse(line) as Observation).map((one) => [one.name, one]));
  if (!complete) {
    const last = [...seen.keys()].at(-1) ?? 'its start';
    const console = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
    throw new Error(`the guest stopped after ${last}; its console (${log}) ends so:\n${console}`);
  }
  return seen;
}
