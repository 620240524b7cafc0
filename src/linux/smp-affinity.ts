import { Failure } from '../failure.ts';
import { CpuListError, MAX_CPU_ID, parseCpuList } from './cpu-list.ts';
import { malformed } from './malformed.ts';
import type { Root } from './root.ts';

const BITS_PER_WORD = 32;
const MAX_WORDS = (MAX_CPU_ID + 1) / BITS_PER_WORD;
const MASK = /^[0-9a-f]{1,8}(?:,[0-9a-f]{1,8})*$/i;
/** Of the shortest text that could have more words than are believed. */
const MAX_MASK_LENGTH = 2 * MAX_WORDS - 1;

/**
 * The affinity mask of these CPUs as /proc/irq/N/smp_affinity takes it: `%08x` words joined by commas, most
 * significant first, one for every 32 possible CPUs (a surplus word is EOVERFLOW, even of zeros).
 * Throws Failure for a CPU that is not possible.
 */
export function formatAffinityMask(cpus: readonly number[], possibleCpus: number): string {
  const count = Math.ceil(possibleCpus / BITS_PER_WORD);
  const bits = new Uint32Array(count);
  const words = new Array<string>(count).fill('00000000');
  for (const cpu of cpus) {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= possibleCpus) {
      throw new Failure(
        `no affinity mask can hold CPU ${cpu}: this host has CPUs 0 to ${possibleCpus - 1} at most`,
      );
    }
    const word = Math.floor(cpu / BITS_PER_WORD);
    const set = ((bits[word] ?? 0) | (1 << (cpu % BITS_PER_WORD))) >>> 0;
    bits[word] = set;
    words[count - 1 - word] = set.toString(16).padStart(8, '0');
  }
  return words.join(',');
}

/** CPU ids of an affinity mask (`ff`, `80,00000000`), ascending. Throws KernelFileError. */
export function parseAffinityMask(text: string, path = '/proc/irq/N/smp_affinity'): number[] {
  const words = text.trim().split(',').reverse();
  if (words.length > MAX_WORDS) throw malformed(path, 1, `at most ${MAX_WORDS} words`, text);
  const cpus: number[] = [];
  words.forEach((word, index) => {
    if (!/^[0-9a-f]{1,8}$/i.test(word)) throw malformed(path, 1, 'hexadecimal words such as 00000001', text);
    let bits = Number.parseInt(word, 16);
    for (let cpu = index * BITS_PER_WORD; bits !== 0; cpu += 1, bits >>>= 1) {
      if ((bits & 1) === 1) cpus.push(cpu);
    }
  });
  return cpus;
}

/** The mask of /proc/irq/N/smp_affinity as the kernel writes it, without the newline. Throws KernelFileError, also for what is no mask. */
export function readAffinity(root: Root, irq: number): string {
  const path = `/proc/irq/${irq}/smp_affinity`;
  const mask = root.read(path).trim();
  // The CPUs of a mask are seldom wanted, and spelling them out is most of the work.
  if (!MASK.test(mask) || mask.length > MAX_MASK_LENGTH) parseAffinityMask(mask, root.hostPath(path));
  return mask;
}

/**
 * CPU ids an IRQ is delivered to now (/proc/irq/N/effective_affinity_list, else effective_affinity), undefined
 * on kernels without them. A hint only: it changes when the IRQ next fires. Throws KernelFileError.
 */
export function readEffectiveAffinity(root: Root, irq: number): number[] | undefined {
  const listPath = `/proc/irq/${irq}/effective_affinity_list`;
  const list = root.readIfPresent(listPath);
  if (list !== undefined) {
    try {
      return parseCpuList(list);
    } catch (error) {
      if (error instanceof CpuListError) throw malformed(root.hostPath(listPath), 1, 'a CPU list', list);
      throw error;
    }
  }
  const maskPath = `/proc/irq/${irq}/effective_affinity`;
  const mask = root.readIfPresent(maskPath);
  return mask === undefined ? undefined : parseAffinityMask(mask, root.hostPath(maskPath));
}

/**
 * Writes a mask to /proc/irq/N/smp_affinity in one write. Throws KernelFileError; its code is EINVAL for a mask of
 * offline CPUs only, EOVERFLOW for too many bits or words, EIO or EPERM for an IRQ the kernel manages, ENOSPC when
 * the CPU has no vector left, ENOENT when the IRQ is gone.
 */
export function writeAffinity(root: Root, irq: number, mask: string): void {
  root.write(`/proc/irq/${irq}/smp_affinity`, mask);
}
