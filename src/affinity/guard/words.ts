import { formatCpuList } from '../../linux/cpu-list.ts';
import { parseAffinityMask } from '../../linux/smp-affinity.ts';
import type { ReplannedVectors, WantedVector } from './wanted.ts';

/** `cpu 3`, `cpus 0-3,8`, `no cpu`. */
export function cpusInWords(cpus: readonly number[]): string {
  if (cpus.length === 0) return 'no cpu';
  return cpus.length === 1 ? `cpu ${cpus[0] ?? ''}` : `cpus ${formatCpuList(cpus)}`;
}

/** The CPUs of an smp_affinity text in words; the text itself where it is no mask. */
export function maskInWords(mask: string): string {
  try {
    return cpusInWords(parseAffinityMask(mask));
  } catch {
    return `'${mask}'`;
  }
}

/** `irq 30 (eth0-TxRx-0)`. */
export function irqInWords({ irq, name }: { readonly irq: number; readonly name: string }): string {
  return `irq ${irq} (${name})`;
}

/** The first entries of a list and how many more there are: a log line stays a line with 4,096 vectors. */
export function listed(entries: readonly string[], atMost = 16): string {
  const shown = entries.slice(0, atMost).join(', ');
  return entries.length <= atMost ? shown : `${shown} and ${entries.length - atMost} more`;
}

/** A mask that is not the wanted one. */
export interface ChangedMask {
  readonly vector: WantedVector;
  /** What smp_affinity holds. */
  readonly found: string;
}

/** `irq 30 (eth0-TxRx-0) is on cpus 0-7 instead of cpu 0, …`. */
export function changesInWords(changes: readonly ChangedMask[]): string {
  return listed(
    changes.map(
      ({ vector, found }) =>
        `${irqInWords(vector)} is on ${maskInWords(found)} instead of ${maskInWords(vector.mask)}`,
    ),
  );
}

/** `gone: …; not in use any more: …; new: …; in use now: …; planned anew: …`, empty when the vectors are what they were. */
export function replannedInWords({ gone, outOfUse, added, intoUse, moved }: ReplannedVectors): string {
  const placed = (vector: WantedVector): string => `${irqInWords(vector)} for cpu ${vector.cpu}`;
  const part = (what: string, entries: readonly string[]): string[] =>
    entries.length === 0 ? [] : [`${what}: ${listed(entries)}`];
  return [
    ...part('gone', gone.map(irqInWords)),
    ...part('not in use any more', outOfUse.map(irqInWords)),
    ...part('new', added.map(placed)),
    ...part('in use now', intoUse.map(placed)),
    ...part('planned anew', moved.map(placed)),
  ].join('; ');
}
