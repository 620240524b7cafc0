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
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bpfElfHeader } from '../bpf-elf-header.ts';
import { PATIENCE_MS } from '../patience.ts';
import { buildBpf } from './bpf-programs.ts';
import type { SettingName } from './settings.ts';

/** One line of the double's journal; see README.md for the events and what else they carry. */
export type JournalEvent = { event: string; time: number; pid: number } & Readonly<Record<string, unknown>>;
export type Settings = Partial<Record<SettingName, string | number>>;

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
