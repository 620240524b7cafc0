import type { AffinityPlan } from '../../../src/affinity/types.ts';
import type { CpuMapSubject } from '../../../src/report/cpu-map.ts';
import { screenFor, type Screen } from '../../../src/terminal/screen.ts';
import type { Landing } from '../../../src/report/queue-names.ts';

/** A screen without colours. */
export function plainScreen(columns = 80, unicode = false): Screen {
  return screenFor({ isTerminal: false, columns }, { LANG: unicode ? 'C.UTF-8' : 'C' });
}

export function plannedSubject(plan: AffinityPlan): CpuMapSubject {
  const landings: Landing[] = plan.vectors.flatMap(({ nic, role, queue, cpu }) =>
    role === 'control' || queue === null || cpu === null ? [] : [{ nic, role, queue, cpus: [cpu] }],
  );
  return { topology: plan.topology, nics: plan.nics, landings, forwardingCores: null, rates: null };
}

export interface ReadCell {
  /** The line above the block: `NUMA node 0  <- NIC eth0`. */
  readonly block: string;
  readonly marks: string;
  /** `q0,8 t3` */
  readonly text: string;
}

/** Threads of a core are two spaces apart; words in a cell one. */
const THREAD = /(\d+)([*i]*) +((?:\S+ )*?\S+)(?=\s{2}|\s*$)/g;

/** Reads a drawn map as a person would: which words stand at which CPU. Continued cells only without hyper-threads. */
export function readCells(lines: readonly string[]): Map<number, ReadCell> {
  const cells = new Map<number, ReadCell>();
  let block = '';
  let above: (number | undefined)[] = [];
  for (const line of lines) {
    if (!/^[|│]( {1,9}\d| +[^ ])/.test(line) || !/[|│]$/.test(line)) {
      block = line;
      continue;
    }
    const row = line.slice(1, -1).split(/[|│]/);
    above = row.map((cell, column) => {
      const threads = [...cell.matchAll(THREAD)];
      if (/^\s*\d+[*i]* /.test(cell) && threads.length > 0 && !/^\s*\d+,/.test(cell)) {
        for (const [, cpu, marks = '', text = ''] of threads) cells.set(Number(cpu), { block, marks, text });
        return Number(threads[0]?.[1]);
      }
      const owner = above[column];
      const earlier = owner === undefined ? undefined : cells.get(owner);
      const more = cell.trim();
      if (owner !== undefined && earlier !== undefined && more !== '') {
        const glue = earlier.text.endsWith(',') ? '' : ' ';
        cells.set(owner, { ...earlier, text: `${earlier.text}${glue}${more}` });
      }
      return owner;
    });
  }
  return cells;
}

/** Queue numbers in words such as `q0,8-9` that begin with that prefix. */
export function queuesIn(text: string, prefix: string): number[] {
  const words = text
    .split(' ')
    .filter((word) => word.startsWith(prefix) && /^\d/.test(word.slice(prefix.length)));
  return words.flatMap((word) =>
    word
      .slice(prefix.length)
      .replace('?', '')
      .split(',')
      .flatMap((range) => {
        const [first = 0, last = first] = range.split('-').map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      }),
  );
}
