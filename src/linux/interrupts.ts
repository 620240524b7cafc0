import { malformed } from './malformed.ts';
import { KernelFileError, type Root } from './root.ts';

/** One numbered line of /proc/interrupts. The parts after the number are parsed when they are first asked for. */
export interface InterruptLine {
  readonly irq: number;
  /** One counter for each CPU of the header, same order. Throws KernelFileError when a counter is not a number. */
  readonly counts: readonly number[];
  /** Chip, hardware IRQ and trigger, with single spaces: `PCI-MSI 524288-edge`. */
  readonly chip: string;
  /** Names of those who requested the IRQ: `['eth3', 'eth6']`; empty for an IRQ nobody requested. */
  readonly actions: readonly string[];
}

export interface InterruptTable {
  /** CPU ids of the header: the online ones, ascending. */
  readonly cpus: readonly number[];
  /** By IRQ number; the rows with letters (NMI, LOC, …) are no IRQs and not in here. */
  readonly lines: ReadonlyMap<number, InterruptLine>;
}

const MAX_IRQ = 0x7fff_ffff;
/** show_interrupts() prints each counter as " %10u" (kernel/irq/proc.c). */
const COLUMN_WIDTH = 11;
const COLUMN = /^ +\d+$/;
/** Columns looked at from either end before the fixed width is believed. */
const COLUMNS_CHECKED = 4;

function parseHeader(line: string, path: string): number[] {
  const names = line.trim().split(/\s+/);
  return names.map((name) => {
    const digits = /^CPU(\d{1,7})$/.exec(name)?.[1];
    if (digits === undefined) throw malformed(path, 1, 'a header of CPU0 CPU1 …', line);
    return Number(digits);
  });
}

const column = (line: string, start: number): boolean => COLUMN.test(line.slice(start, start + COLUMN_WIDTH));

/**
 * Where the counters end if they have the kernel's fixed width, else undefined. Only the outer columns are looked
 * at, so that finding the name costs the same with 8 CPUs and with 1,024.
 */
function endOfFixedWidthCounters(line: string, start: number, cpus: number): number | undefined {
  const end = start + cpus * COLUMN_WIDTH;
  const checked = Math.min(cpus, COLUMNS_CHECKED);
  for (let i = 0; i < checked; i += 1) {
    if (!column(line, start + i * COLUMN_WIDTH) || !column(line, end - (i + 1) * COLUMN_WIDTH))
      return undefined;
  }
  const next = line.slice(end, end + COLUMN_WIDTH);
  return /^\s*$|^ +\D/.test(next) && !/^ +\d+$/.test(next) ? end : undefined;
}

/** Where the counters end, found by reading every one; undefined when there are fewer or more than `cpus`. */
function endOfCounters(line: string, start: number, cpus: number): number | undefined {
  const counter = /\s*(\d+)(?=\s|$)/y;
  counter.lastIndex = start;
  for (let i = 0; i < cpus; i += 1) {
    if (!counter.test(line)) return undefined;
  }
  const end = counter.lastIndex;
  return counter.test(line) ? undefined : end;
}

/**
 * Splits what follows the counters: chip, hardware IRQ, trigger, then the names, which may hold spaces. The chip part
 * ends after ` 16384 Edge`, ` 19-fasteoi` or ` -event` (Xen), whichever is first; without one, after the chip's name
 * and a number (` MIPS   7`), or after the chip's name alone (`PCI-MSI-edge`).
 */
function splitAfterCounters(rest: string): { chip: string; actions: readonly string[] } {
  const text = rest.trim();
  const match =
    /\s(?:(?:Level|Edge)(?:\s+-\S+)?|\d*-\S+)(?=\s|$)/.exec(text) ??
    /^\S+\s+\d+(?=\s|$)/.exec(text) ??
    /^\S+/.exec(text);
  const end = match === null ? 0 : match.index + match[0].length;
  return {
    chip: text.slice(0, end).replace(/\s+/g, ' '),
    actions: text
      .slice(end)
      .split(', ')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}

function interruptLine(
  irq: number,
  line: string,
  start: number,
  end: number,
  fail: (expected: string) => KernelFileError,
  cpus: number,
): InterruptLine {
  let counts: readonly number[] | undefined;
  let parts: { chip: string; actions: readonly string[] } | undefined;
  const split = (): { chip: string; actions: readonly string[] } => {
    if (parts === undefined) {
      // A copy: names that are parts of the text would keep all of it in memory as long as a plan, 1.4 MiB on 512 interrupts of 256 CPUs.
      parts = splitAfterCounters(Buffer.from(line.slice(end)).toString());
    }
    return parts;
  };
  return {
    irq,
    get counts() {
      if (counts === undefined) {
        const words = line.slice(start, end).trim().split(/\s+/);
        if (words.length !== cpus || !words.every((word) => /^\d+$/.test(word)))
          throw fail(`${cpus} counters`);
        counts = words.map(Number);
      }
      return counts;
    },
    get chip() {
      return split().chip;
    },
    get actions() {
      return split().actions;
    },
  };
}

/**
 * The text of /proc/interrupts. The header lists online CPUs only, and each IRQ's line has as many counters.
 * Throws KernelFileError that names the line.
 */
export function parseInterrupts(text: string, path = '/proc/interrupts'): InterruptTable {
  const lines = new Map<number, InterruptLine>();
  let cpus: readonly number[] | undefined;
  let number = 0;
  for (let begin = 0; begin < text.length;) {
    const newline = text.indexOf('\n', begin);
    const line = text.slice(begin, newline === -1 ? text.length : newline);
    begin = newline === -1 ? text.length : newline + 1;
    number += 1;
    if (cpus === undefined) {
      cpus = parseHeader(line, path);
      continue;
    }
    const label = /^\s*(?:(\d+)|[^\s:]+):/.exec(line);
    if (label === null) {
      if (line.trim() === '') continue;
      throw malformed(path, number, 'an IRQ number or name and a colon', line);
    }
    if (label[1] === undefined) continue;
    const irq = Number(label[1]);
    if (irq > MAX_IRQ) throw malformed(path, number, `an IRQ number up to ${MAX_IRQ}`, line);
    if (lines.has(irq)) throw malformed(path, number, `one line for IRQ ${irq}, not two`, line);
    const columns = cpus.length;
    const start = label[0].length;
    const end = endOfFixedWidthCounters(line, start, columns) ?? endOfCounters(line, start, columns);
    const lineNumber = number;
    const fail = (expected: string): KernelFileError => malformed(path, lineNumber, expected, line);
    if (end === undefined) throw fail(`${columns} counters, one for each CPU of the header`);
    lines.set(irq, interruptLine(irq, line, start, end, fail, columns));
  }
  if (cpus === undefined) throw malformed(path, 1, 'a header of CPU0 CPU1 …', text);
  return { cpus, lines };
}

const COLON = 0x3a;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/**
 * What /proc/interrupts says but for the counters: as long as it is the same, so are the interrupts and their names. Takes a
 * small part of the time of parsing it, and of its memory. Throws KernelFileError.
 */
export function readWithoutCounters(root: Root): string {
  const parts: string[] = [];
  let counters: number | undefined;
  for (const line of root.lines('/proc/interrupts')) {
    if (counters === undefined) {
      const header = line.toString('latin1');
      counters = header.trim().split(/\s+/).length * COLUMN_WIDTH;
      parts.push(header);
      continue;
    }
    const colon = line.indexOf(COLON);
    if (colon === -1) parts.push(line.toString('latin1'));
    // Rows with letters (NMI, ERR, MIS) are no interrupts of a device, and some have a single counter.
    else if (isDigit(line[colon - 1]))
      parts.push(line.toString('latin1', 0, colon), line.toString('latin1', colon + 1 + counters));
  }
  return parts.join('\n');
}

/** Counters of one interrupt by CPU id: of the CPUs asked for, those that are not 0. */
export type CountsByCpu = ReadonlyMap<number, number>;

export interface CountersOfSome {
  /** Ids of the CPUs asked for that have a column: the online ones. */
  readonly cpus: ReadonlySet<number>;
  /** By IRQ, what is known of it but for the other CPUs. */
  readonly lines: ReadonlyMap<number, { readonly actions: readonly string[]; readonly counts: CountsByCpu }>;
}

/**
 * Of /proc/interrupts no more than the given interrupts have counted on the CPUs that `wanted` picks; no line is read where none of
 * the CPUs is online. Throws KernelFileError.
 */
export function readCountersOfSome(
  root: Root,
  irqs: ReadonlySet<number>,
  wanted: (cpu: number) => boolean,
): CountersOfSome {
  return withSecondLook(() => countersOfSome(root, irqs, wanted));
}

function countersOfSome(
  root: Root,
  irqs: ReadonlySet<number>,
  wanted: (cpu: number) => boolean,
): CountersOfSome {
  const path = root.hostPath('/proc/interrupts');
  const lines = new Map<number, { actions: readonly string[]; counts: CountsByCpu }>();
  let cpus: readonly number[] | undefined;
  let picked: ReadonlySet<number> = new Set();
  let number = 0;
  for (const line of root.lines('/proc/interrupts')) {
    number += 1;
    if (cpus === undefined) {
      cpus = parseHeader(line.toString('latin1'), path);
      picked = new Set(cpus.filter(wanted));
      if (picked.size === 0) break;
      continue;
    }
    const colon = line.indexOf(COLON);
    const irq = Number(line.toString('latin1', 0, colon));
    if (colon === -1 || !irqs.has(irq)) continue;
    const counts = new Map<number, number>();
    const end = scanCounters(line, colon + 1, cpus, (cpu, count) => {
      if (count > 0 && picked.has(cpu)) counts.set(cpu, count);
    });
    if (end === undefined)
      throw malformed(
        path,
        number,
        `${cpus.length} counters, one for each CPU of the header`,
        line.toString('latin1'),
      );
    lines.set(irq, { actions: splitAfterCounters(line.toString('utf8', end)).actions, counts });
  }
  if (cpus === undefined) throw malformed(path, 1, 'a header of CPU0 CPU1 …', '');
  return { cpus: picked, lines };
}

const SPACE = 0x20;

/** Tells each counter of a line, in the order of its columns; gives where they end, or undefined when they are not as many as the CPUs. */
function scanCounters(
  line: Buffer,
  start: number,
  cpus: readonly number[],
  tell: (cpu: number, count: number) => void,
): number | undefined {
  let at = start;
  for (const cpu of cpus) {
    while (line[at] === SPACE) at += 1;
    const first = at;
    let count = 0;
    for (let byte = line[at]; byte !== undefined && isDigit(byte); byte = line[++at])
      count = count * 10 + byte - 0x30;
    if (at === first || (at < line.length && line[at] !== SPACE)) return undefined;
    tell(cpu, count);
  }
  return /^ *\d+(?: |$)/.test(line.toString('latin1', at, at + 2 * COLUMN_WIDTH)) ? undefined : at;
}

/** /proc/interrupts. Throws KernelFileError. */
export function readInterrupts(root: Root): InterruptTable {
  const path = '/proc/interrupts';
  return withSecondLook(() => parseInterrupts(root.read(path), root.hostPath(path)));
}

/** A CPU that comes or goes while the file is read leaves lines longer or shorter than the header: it is read again, once. */
function withSecondLook<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KernelFileError) || error.code !== undefined) throw error;
    return read();
  }
}
