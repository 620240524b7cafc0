import { COLUMN_WIDTH, parseHeader, splitAfterCounters, withSecondLook } from './interrupt-lines.ts';
import { malformed } from './malformed.ts';
import type { Root } from './root.ts';

/** One numbered line of /proc/interrupts, but for its counters: see interrupt-counters.ts. */
export interface InterruptLine {
  readonly irq: number;
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
/** Columns looked at from either end before the fixed width is believed. */
const COLUMNS_CHECKED = 4;
/** Of an IRQ's number with the blanks before it. */
const NUMBER_WIDTH = 12;

/** What follows the counters in nearly every line: chip, hardware IRQ with trigger, and a name without spaces. */
const ONE_NAME = /^\s*\S+\s+\d*-\S+\s+(\S+)\s*$/;

/** A line whose names are found when they are first asked for: most are other devices'. */
class Line implements InterruptLine {
  readonly irq: number;
  readonly #rest: string;
  #actions: readonly string[] | undefined;

  /** `rest`: what follows the counters. */
  constructor(irq: number, rest: string) {
    this.irq = irq;
    this.#rest = rest;
  }

  get actions(): readonly string[] {
    return (this.#actions ??= this.#readActions());
  }

  #readActions(): readonly string[] {
    const name = ONE_NAME.exec(this.#rest)?.[1];
    return name === undefined ? splitAfterCounters(this.#rest).actions : [name];
  }
}

/**
 * The kernel's own shape of a line with so many counters: what is up to the first of them, and the last of them with the
 * beginning of what follows. Nothing between is looked at, so that a line costs the same with 8 CPUs and with 1,024.
 */
function kernelShape(columns: number): { readonly head: RegExp; readonly tail: RegExp } {
  const fills = Array.from({ length: COLUMN_WIDTH - 1 }, (_, n) => ` {${COLUMN_WIDTH - 2 - n}}\\d{${n}}`);
  const outer = ` (?:${fills.join('|')})\\d`.repeat(Math.min(columns, COLUMNS_CHECKED));
  return { head: new RegExp(`^\\s*(\\d+):(?=${outer})`), tail: new RegExp(`^${outer}(?= +[^\\s\\d]|\\s*$)`) };
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

/** A line that is not of the kernel's own shape; undefined when it is no IRQ's. */
function oddLine(line: string, columns: number, path: string, number: number): Line | undefined {
  const label = /^\s*(?:(\d+)|[^\s:]+):/.exec(line);
  if (label === null) {
    if (line.trim() === '') return undefined;
    throw malformed(path, number, 'an IRQ number or name and a colon', line);
  }
  if (label[1] === undefined) return undefined;
  const irq = Number(label[1]);
  if (irq > MAX_IRQ) throw malformed(path, number, `an IRQ number up to ${MAX_IRQ}`, line);
  const end = endOfCounters(line, label[0].length, columns);
  if (end === undefined)
    throw malformed(path, number, `${columns} counters, one for each CPU of the header`, line);
  return new Line(irq, line.slice(end));
}

/** Reads lines of a table with so many counters; undefined for one that is no IRQ's. */
function lineReader(columns: number, path: string): (line: Buffer, number: number) => Line | undefined {
  const { head, tail } = kernelShape(columns);
  const checked = Math.min(columns, COLUMNS_CHECKED) * COLUMN_WIDTH;
  return (line, number) => {
    const label = head.exec(line.toString('latin1', 0, NUMBER_WIDTH + checked));
    if (label !== null) {
      const outermost = line.toString('utf8', label[0].length + columns * COLUMN_WIDTH - checked);
      const irq = Number(label[1]);
      if (irq <= MAX_IRQ && tail.test(outermost)) return new Line(irq, outermost.slice(checked));
    }
    return oddLine(line.toString(), columns, path, number);
  };
}

/**
 * The lines of /proc/interrupts. The header lists online CPUs only, and each IRQ's line has as many counters.
 * Throws KernelFileError that names the line.
 */
export function parseInterrupts(text: Iterable<Buffer>, path = '/proc/interrupts'): InterruptTable {
  const lines = new Map<number, Line>();
  let cpus: readonly number[] | undefined;
  let read: ReturnType<typeof lineReader> | undefined;
  let number = 0;
  for (const bytes of text) {
    number += 1;
    if (read === undefined) {
      cpus = parseHeader(bytes.toString(), path);
      read = lineReader(cpus.length, path);
      continue;
    }
    const line = read(bytes, number);
    if (line === undefined) continue;
    if (lines.has(line.irq))
      throw malformed(path, number, `one line for IRQ ${line.irq}, not two`, bytes.toString());
    lines.set(line.irq, line);
  }
  return { cpus: cpus ?? parseHeader('', path), lines };
}

/** The interrupts of /proc/interrupts, and who has them. Throws KernelFileError. */
export function readInterrupts(root: Root): InterruptTable {
  const path = '/proc/interrupts';
  return withSecondLook(() => parseInterrupts(root.lines(path), root.hostPath(path)));
}
