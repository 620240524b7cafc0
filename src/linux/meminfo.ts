import { Failure } from '../failure.ts';
import type { Root } from './root.ts';

/** Memory as the kernel counts it, in bytes. */
export interface Memory {
  readonly total: number;
  /** What programs can have without swapping (MemAvailable). */
  readonly available: number;
}

/** /proc/meminfo. Throws KernelFileError, Failure. */
export function readMemory(root: Root): Memory {
  const text = root.read('/proc/meminfo');
  const bytes = (name: string): number => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    if (kib === undefined) throw new Failure(`${root.hostPath('/proc/meminfo')} has no ${name}`);
    return Number(kib) * 1024;
  };
  return { total: bytes('MemTotal'), available: bytes('MemAvailable') };
}
