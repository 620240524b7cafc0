import { formatCpuList } from '../linux/cpu-list.ts';
import { parseAffinityMask } from '../linux/smp-affinity.ts';

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
