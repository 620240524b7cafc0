import fs from 'node:fs';
import path from 'node:path';

/** An XDP program as `ip -d link` shows it on an interface. */
export interface AttachedProgram {
  readonly id: number;
  readonly name: string;
  readonly mode: 'native' | 'generic' | 'other';
}

const MODES = new Map([
  [1, 'native' as const],
  [2, 'generic' as const],
]);

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** The program in the output of `ip -j -d link show dev IF`; null when there is none. */
export function attachedProgram(json: string): AttachedProgram | null {
  const links: unknown = JSON.parse(json);
  const xdp = member(Array.isArray(links) ? links[0] : undefined, 'xdp');
  if (xdp === undefined) return null;
  const prog = member(xdp, 'prog');
  return {
    id: Number(member(prog, 'id')),
    name: String(member(prog, 'name')),
    mode: MODES.get(Number(member(xdp, 'mode'))) ?? 'other',
  };
}

/** Program ids by slot, from the output of `bpftool -j map dump` of a root array: only the filled slots. */
export function filledSlots(json: string): Readonly<Record<number, number>> {
  const entries: unknown = JSON.parse(json);
  if (!Array.isArray(entries)) throw new Error(`no dump of a map: ${json}`);
  const number = (bytes: unknown): number =>
    Array.isArray(bytes) ? bytes.reduceRight<number>((sum, byte) => sum * 256 + Number(byte), 0) : Number.NaN;
  return Object.fromEntries(
    entries.map((entry) => [number(member(entry, 'key')), number(member(entry, 'value'))]),
  );
}

export interface SeenProcess {
  readonly pid: number;
  /** Its arguments, argv[0] without the folder. */
  readonly argv: readonly string[];
}

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The network namespace of a process, as the kernel names it. */
function networkOf(pid: number): string | undefined {
  return unlessGone(() => fs.readlinkSync(`/proc/${pid}/ns/net`));
}

/** The processes in a network namespace, ended ones that nobody has waited for left out. */
export function processesIn(network: string): SeenProcess[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => networkOf(pid) === network)
    .map((pid) => ({ pid, line: unlessGone(() => fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '' }))
    .filter(({ line }) => line !== '')
    .map(({ pid, line }) => {
      const [command = '', ...rest] = line.split('\0').slice(0, -1);
      return { pid, argv: [path.basename(command), ...rest] };
    });
}

/** Ids of the XDP programs that a process holds by a descriptor. */
export function xdpProgramsOf(pid: number): number[] {
  return programsOf(pid, 6);
}

/** The same of tc programs. */
export function tcProgramsOf(pid: number): number[] {
  return programsOf(pid, 3);
}

function programsOf(pid: number, type: number): number[] {
  const directory = `/proc/${pid}/fdinfo`;
  return (unlessGone(() => fs.readdirSync(directory)) ?? [])
    .map((fd) => unlessGone(() => fs.readFileSync(path.join(directory, fd), 'utf8')) ?? '')
    .filter((text) => new RegExp(`^prog_type:\\s${type}$`, 'm').test(text))
    .map((text) => Number(/^prog_id:\s(\d+)$/m.exec(text)?.[1]));
}
