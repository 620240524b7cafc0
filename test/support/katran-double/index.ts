import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '../netns.ts';
import { buildBpf } from './bpf-programs.ts';
import { buildKatranDouble } from './build.mjs';
import type { SettingName } from './settings.ts';
import { PATIENCE_MS } from '../patience.ts';
import { bpfElfHeader } from '../bpf-elf-header.ts';

export { buildKatranDouble };
export * from './bpf-programs.ts';
export { type CallResult, type Calls, callsTo } from './calls.ts';

/** One line of the double's journal; see README.md for the events and what else they carry. */
export type JournalEvent = { event: string; time: number; pid: number } & Readonly<Record<string, unknown>>;
export type Settings = Partial<Record<SettingName, string | number>>;
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A directory with all a double needs and leaves: for a launcher that starts the double itself, or for startDouble. */
export interface Stage {
  directory: string;
  /** An ELF file that passes as balancer or healthchecking object. */
  bpfObject: string;
  /** `KATRAN_DOUBLE_…` variables that point here. */
  env: Readonly<Record<string, string>>;
  journal(): JournalEvent[];
  /** The first matching event, now or later; rejects with the journal so far when the time is over. */
  waitFor(
    event: string,
    matches?: (event: JournalEvent) => boolean,
    timeoutMs?: number,
  ): Promise<JournalEvent>;
  /** Overrides settings of a running double; they hold from its next call on. */
  control(settings: Settings): void;
  /** What getLruFallbackStats answers from now on. */
  setFallback(v1: number | bigint, v2?: number | bigint): void;
  /**
   * What the other counters answer from now on: `lru`, `lru-miss`, `icmp-too-big`, and each VIP's as
   * `10.200.1.1:80/6`; those left out are zeros. Not with real XDP, whose counters are the maps'.
   */
  setStats(counters: Readonly<Record<string, readonly [v1: number | bigint, v2: number | bigint]>>): void;
  xdpAttached(): boolean;
  remove(): void;
}

/**
 * With `REAL_XDP: 1` the stage's object is the double's own balancer, compiled, and the double must run in a namespace
 * with the interface it is given; without it the object is the header of one, and a marker file stands for XDP.
 */
export function makeStage(settings: Settings = {}): Stage {
  const directory = mkdtempSync(join(tmpdir(), 'katran-double-'));
  const at = (name: string): string => join(directory, name);
  const paths = {
    JOURNAL: at('journal'),
    XDP: at('xdp'),
    CONTROL: at('control'),
    FALLBACK: at('fallback'),
    STATS: at('stats'),
  };
  const bpfObject = at('balancer.bpf.o');
  if (String(settings.REAL_XDP) === '1') copyFileSync(buildBpf('balancer'), bpfObject);
  else writeFileSync(bpfObject, bpfElfHeader());
  writeFileSync(paths.JOURNAL, '');
  writeFileSync(paths.FALLBACK, '0 0\n');
  writeFileSync(paths.STATS, '');
  const journal = (): JournalEvent[] => readJournal(paths.JOURNAL);
  return {
    directory,
    bpfObject,
    env: environment({ ...paths, ...settings }),
    journal,
    waitFor: (event, matches = () => true, timeoutMs = PATIENCE_MS) =>
      whenFileTells(
        paths.JOURNAL,
        () => journal().find((e) => e.event === event && matches(e)),
        timeoutMs,
        event,
      ),
    control: (overrides) => replaceFile(paths.CONTROL, toLines(overrides)),
    setFallback: (v1, v2 = 0) => replaceFile(paths.FALLBACK, `${v1} ${v2}\n`),
    setStats: (counters) => replaceFile(paths.STATS, countersAsLines(counters)),
    xdpAttached: () => existsSync(paths.XDP),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A running double of this test's own. */
export interface Double {
  process: ChildProcess;
  pid: number;
  /** What it was given as -server. */
  address: string;
  stage: Stage;
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended and its output has been read. */
  ended: Promise<Exit>;
  /** SIGKILL if it is still there, and its directory removed. */
  remove(): Promise<void>;
}

/**
 * Starts the double on loopback (a free port of 127.0.0.1 unless given) with an interface and an object file it
 * accepts; `args` come last and so override. Does not wait: `stage.waitFor('listening')` does.
 */
export async function startDouble(
  options: {
    args?: readonly string[];
    settings?: Settings;
    address?: string;
    stage?: Stage;
    /** Where it runs; an address of that namespace is then to be given. */
    namespace?: Namespace;
  } = {},
): Promise<Double> {
  const stage =
    options.stage ?? makeStage({ START_DELAY: 0, INTERFACES: 'eth0,ipip0,ipip60', ...options.settings });
  const address = options.address ?? `127.0.0.1:${await freePort()}`;
  const flags = [`-server=${address}`, `-balancer_prog=${stage.bpfObject}`, '-hc_forwarding=false'];
  const words = [
    ...(options.namespace?.within ?? []),
    buildKatranDouble(),
    ...flags,
    '-shutdown_delay=0',
    '-lru_size=1000',
    ...(options.args ?? []),
  ];
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    env: { ...process.env, ...stage.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start ${buildKatranDouble()}`);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('latin1').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('latin1').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<Exit>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return {
    process: child,
    pid,
    address,
    stage,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    remove: async () => {
      child.kill('SIGKILL');
      await ended;
      if (options.stage === undefined) stage.remove();
    },
  };
}

/** A TCP port of 127.0.0.1 that nothing listens on now, and that no other test is given while this process lives. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await portOfTheMoment();
    if (await isReserved(port)) return port;
  }
}

function portOfTheMoment(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      server.close(() => resolve(address.port));
    });
  });
}

/** Test files run at the same time, and the kernel may give the port of one, not yet used, to another. */
function isReserved(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const reservation = createServer().once('error', () => resolve(false));
    reservation.listen(`\0katran-double:${port}`, () => resolve(true));
    reservation.unref();
  });
}

/** The journal's complete lines. */
function readJournal(path: string): JournalEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const parsed: unknown = JSON.parse(line);
    if (!isEvent(parsed)) throw new Error(`not a journal line: ${line}`);
    return parsed;
  });
}

function isEvent(value: unknown): value is JournalEvent {
  return typeof value === 'object' && value !== null && 'event' in value && 'time' in value && 'pid' in value;
}

function whenFileTells<T>(
  path: string,
  find: () => T | undefined,
  timeoutMs: number,
  what: string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const watcher = watch(path);
    const timer = setTimeout(() => {
      watcher.close();
      reject(
        new Error(
          `no '${what}' within ${timeoutMs} ms; the double's journal:\n${readFileSync(path, 'utf8')}`,
        ),
      );
    }, timeoutMs);
    const look = (): void => {
      const found = find();
      if (found === undefined) return;
      clearTimeout(timer);
      watcher.close();
      resolve(found);
    };
    watcher.on('change', look);
    look();
  });
}

function environment(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`KATRAN_DOUBLE_${name}`, String(value)]),
  );
}

/** In one step, so that a double never reads half of it. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function countersAsLines(
  counters: Readonly<Record<string, readonly [number | bigint, number | bigint]>>,
): string {
  return Object.entries(counters)
    .map(([name, [v1, v2]]) => `${name} ${v1} ${v2}\n`)
    .join('');
}

function toLines(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
