import { COLUMN_WIDTH, parseHeader, splitAfterCounters, withSecondLook } from './interrupt-lines.ts';
import { malformed } from './malformed.ts';
import type { Root } from './root.ts';

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
const COLUMN = /^ +\d+$/;
/** Columns looked at from either end before the fixed width is believed. */
const COLUMNS_CHECKED = 4;

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

/** What all lines of one text share. */
interface Reading {
  readonly text: string;
  readonly path: string;
  /** Counters of each line. */
  readonly columns: number;
}

/** A line of the text: its number from 1, where it begins, and where its counters begin and end. */
interface Place {
  readonly number: number;
  readonly begin: number;
  readonly start: number;
  readonly end: number;
}

function restOfLine(text: string, from: number): string {
  const newline = text.indexOf('\n', from);
  return text.slice(from, newline === -1 ? text.length : newline);
}

/** What follows the counters in nearly every line: chip, hardware IRQ with trigger, and a name without spaces. */
const ONE_NAME = /[^\S\n]*\S+[^\S\n]+\d*-\S+[^\S\n]+(\S+)[^\S\n]*(?=\n|$)/y;

class PlacedLine implements InterruptLine {
  readonly irq: number;
  readonly #reading: Reading;
  readonly #place: Place;
  #counts: readonly number[] | undefined;
  #actions: readonly string[] | undefined;

  constructor(irq: number, reading: Reading, place: Place) {
    this.irq = irq;
    this.#reading = reading;
    this.#place = place;
  }

  get counts(): readonly number[] {
    return (this.#counts ??= this.#readCounts());
  }

  get chip(): string {
    return splitAfterCounters(restOfLine(this.#reading.text, this.#place.end)).chip;
  }

  get actions(): readonly string[] {
    return (this.#actions ??= this.#readActions());
  }

  #readCounts(): number[] {
    const { text, path, columns } = this.#reading;
    const { number, begin, start, end } = this.#place;
    const words = text.slice(start, end).trim().split(/\s+/);
    if (words.length !== columns || !words.every((word) => /^\d+$/.test(word)))
      throw malformed(path, number, `${columns} counters`, restOfLine(text, begin));
    return words.map(Number);
  }

  #readActions(): readonly string[] {
    const { text } = this.#reading;
    const { end } = this.#place;
    ONE_NAME.lastIndex = end;
    const name = ONE_NAME.exec(text)?.[1];
    if (name !== undefined) return [name];
    return splitAfterCounters(restOfLine(text, end)).actions;
  }
}

/**
 * The kernel's own shape of a line with so many counters: what is up to the first of them, and the last of them with the
 * beginning of what follows. Nothing between is looked at, so that a line costs the same with 8 CPUs and with 1,024.
 */
function kernelShape(columns: number): { readonly head: RegExp; readonly tail: RegExp } {
  const fills = Array.from({ length: COLUMN_WIDTH - 1 }, (_, n) => ` {${COLUMN_WIDTH - 2 - n}}\\d{${n}}`);
  const outer = ` (?:${fills.join('|')})\\d`.repeat(Math.min(columns, COLUMNS_CHECKED));
  return {
    head: new RegExp(`[^\\S\\n]*(\\d+):(?=${outer})`, 'y'),
    tail: new RegExp(`${outer}(?= +[^\\s\\d]|[^\\S\\n]*(?:\\n|$))`, 'y'),
  };
}

/** A line that is not of the kernel's own shape; undefined when it is no IRQ's. */
function oddLine(
  reading: Reading,
  known: ReadonlyMap<number, InterruptLine>,
  number: number,
  begin: number,
): PlacedLine | undefined {
  const { text, path, columns } = reading;
  const line = restOfLine(text, begin);
  const label = /^\s*(?:(\d+)|[^\s:]+):/.exec(line);
  if (label === null) {
    if (line.trim() === '') return undefined;
    throw malformed(path, number, 'an IRQ number or name and a colon', line);
  }
  if (label[1] === undefined) return undefined;
  const irq = Number(label[1]);
  if (irq > MAX_IRQ) throw malformed(path, number, `an IRQ number up to ${MAX_IRQ}`, line);
  if (known.has(irq)) throw malformed(path, number, `one line for IRQ ${irq}, not two`, line);
  const start = label[0].length;
  const end = endOfFixedWidthCounters(line, start, columns) ?? endOfCounters(line, start, columns);
  if (end === undefined)
    throw malformed(path, number, `${columns} counters, one for each CPU of the header`, line);
  return new PlacedLine(irq, reading, { number, begin, start: begin + start, end: begin + end });
}

/**
 * The text of /proc/interrupts. The header lists online CPUs only, and each IRQ's line has as many counters.
 * Throws KernelFileError that names the line.
 */
export function parseInterrupts(text: string, path = '/proc/interrupts'): InterruptTable {
  const header = restOfLine(text, 0);
  const cpus = parseHeader(header, path);
  const reading = { text, path, columns: cpus.length };
  const lines = new Map<number, InterruptLine>();
  const width = cpus.length * COLUMN_WIDTH;
  const checkedWidth = Math.min(cpus.length, COLUMNS_CHECKED) * COLUMN_WIDTH;
  const { head, tail } = kernelShape(cpus.length);
  let number = 1;
  for (let begin = header.length + 1, next; begin < text.length; begin = next) {
    const newline = text.indexOf('\n', begin);
    next = newline === -1 ? text.length : newline + 1;
    number += 1;
    head.lastIndex = begin;
    const label = head.exec(text);
    const irq = Number(label?.[1]);
    const start = begin + (label?.[0].length ?? 0);
    const end = start + width;
    tail.lastIndex = end - checkedWidth;
    const line =
      irq <= MAX_IRQ && end <= next && !lines.has(irq) && tail.test(text)
        ? new PlacedLine(irq, reading, { number, begin, start, end })
        : oddLine(reading, lines, number, begin);
    if (line !== undefined) lines.set(line.irq, line);
  }
  return { cpus, lines };
}

/** /proc/interrupts. Throws KernelFileError. */
export function readInterrupts(root: Root): InterruptTable {
  const path = '/proc/interrupts';
  return withSecondLook(() => parseInterrupts(root.read(path), root.hostPath(path)));
}
