import { Failure } from '../failure.ts';
import type { Root } from './root.ts';

/**
 * MemAvailable in bytes. On the live host systeminformation reads it (its `mem()` opens /proc/meminfo and starts no process, unlike its
 * `osInfo()`, which runs dmesg and `hostname -f`); below a -sysroot the file there is read. Throws KernelFileError, Failure.
 */
export async function availableMemory(root: Root): Promise<number> {
  if (root.live) {
    const { default: information } = await import('systeminformation');
    return (await information.mem()).available;
  }
  const kib = /^MemAvailable:\s+(\d+) kB/m.exec(root.read('/proc/meminfo'))?.[1];
  if (kib === undefined) throw new Failure(`${root.hostPath('/proc/meminfo')} has no MemAvailable`);
  return Number(kib) * 1024;
}
