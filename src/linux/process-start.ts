import { malformed } from './malformed.ts';
import type { Root } from './root.ts';

/** USER_HZ, the unit of times in /proc/PID/stat: 100 on every Linux that Node and Bun run on (asm-generic/param.h). */
const TICKS_PER_SECOND = 100;
/** starttime is field 22; the name, field 2, is in parentheses and can hold anything. */
const START_TIME = 22 - 3;

/** Ticks since boot at which a process started, from the text of /proc/PID/stat (fs/proc/array.c). Throws KernelFileError. */
export function parseStartTicks(text: string, path: string): number {
  const ticks = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/)[START_TIME];
  if (ticks === undefined || !/^\d+$/.test(ticks)) throw malformed(path, 1, 'a start time as field 22', text);
  return Number(ticks);
}

/** When the machine booted, in seconds since 1970, from the text of /proc/stat. Throws KernelFileError. */
export function parseBootTime(text: string, path = '/proc/stat'): number {
  const seconds = /^btime (\d+)$/m.exec(text)?.[1];
  if (seconds === undefined) throw malformed(path, 1, 'a line btime N', text.slice(0, 80));
  return Number(seconds);
}

/** The same of a process; undefined when it is gone. Throws KernelFileError. */
export function readStartTicks(root: Root, pid: number): number | undefined {
  const path = `/proc/${pid}/stat`;
  const text = root.readIfPresent(path);
  return text === undefined ? undefined : parseStartTicks(text, root.hostPath(path));
}

/** When a process started, in ms since 1970, good to some 10 ms; undefined when it is gone. Throws KernelFileError. */
export function readProcessStart(root: Root, pid: number): number | undefined {
  const ticks = readStartTicks(root, pid);
  if (ticks === undefined) return undefined;
  const boot = parseBootTime(root.read('/proc/stat'), root.hostPath('/proc/stat'));
  return Math.round((boot + ticks / TICKS_PER_SECOND) * 1000);
}
