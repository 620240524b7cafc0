import { Failure } from '../failure.ts';
import { quoted } from './malformed.ts';

/** The highest CPU id that is believed; the kernel's own limit (NR_CPUS) is far below it. */
export const MAX_CPU_ID = 65_535;

/** A CPU list that cannot be understood; the message says which part. */
export class CpuListError extends Failure {}

interface CpuRange {
  readonly first: number;
  readonly last: number;
}

function parseRange(part: string): CpuRange {
  const match = /^(\d+)(?:-(\d+))?$/.exec(part);
  if (match === null) {
    throw new CpuListError(`${quoted(part)} is not a CPU or a range of CPUs (such as 0-3,8)`);
  }
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last < first) throw new CpuListError(`the CPU range ${quoted(part)} runs backwards`);
  if (last > MAX_CPU_ID) throw new CpuListError(`CPU ${quoted(part)} is above ${MAX_CPU_ID}`);
  return { first, last };
}

/**
 * CPU ids of a list as the kernel writes it (`0-3,8`; lib/bitmap.c), ascending, each once. An empty line is an
 * empty list. Throws CpuListError.
 */
export function parseCpuList(text: string): number[] {
  const list = text.trim();
  if (list === '') return [];
  // Sorted before they are spelled out: many overlapping ranges cost no more than the CPUs they cover.
  const ranges = list
    .split(',')
    .map(parseRange)
    .sort((a, b) => a.first - b.first);
  const cpus: number[] = [];
  let next = 0;
  for (const { first, last } of ranges) {
    for (let cpu = Math.max(first, next); cpu <= last; cpu += 1) cpus.push(cpu);
    next = Math.max(next, last + 1);
  }
  return cpus;
}

/** The shortest list of these CPU ids, ascending: `0-3,8`; empty for none. */
export function formatCpuList(cpus: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const cpu of [...new Set(cpus)].sort((a, b) => a - b)) {
    const open = ranges.at(-1);
    if (open !== undefined && open.last + 1 === cpu) open.last = cpu;
    else ranges.push({ first: cpu, last: cpu });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
