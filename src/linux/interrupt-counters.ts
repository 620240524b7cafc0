import { COLUMN_WIDTH, parseHeader, splitAfterCounters, withSecondLook } from './interrupt-lines.ts';
import { malformed } from './malformed.ts';
import type { Root } from './root.ts';

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

/** What interrupts have counted, by IRQ and CPU. */
export interface InterruptCounters {
  /** Ids of the CPUs asked for that have a column: the online ones. */
  readonly cpus: ReadonlySet<number>;
  /** By IRQ, what is known of it but for the other CPUs. */
  readonly lines: ReadonlyMap<number, { readonly actions: readonly string[]; readonly counts: CountsByCpu }>;
}

/**
 * Of /proc/interrupts no more than these interrupts have counted on the CPUs that `wanted` picks, all of both where nothing is said; no line is
 * read where none of the CPUs is online. Throws KernelFileError.
 */
export function readCounters(
  root: Root,
  irqs?: ReadonlySet<number>,
  wanted: (cpu: number) => boolean = () => true,
): InterruptCounters {
  return withSecondLook(() => readOnce(root, irqs, wanted));
}

function readOnce(
  root: Root,
  irqs: ReadonlySet<number> | undefined,
  wanted: (cpu: number) => boolean,
): InterruptCounters {
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
    // Rows with letters are no IRQs.
    if (colon === -1 || Number.isNaN(irq) || irqs?.has(irq) === false) continue;
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
