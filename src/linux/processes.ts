import path from 'node:path';
import { KernelFileError, type Root } from './root.ts';

/** TASK_COMM_LEN less the final NUL: longer names are cut (`katran_server_g`). */
const MAX_COMM_BYTES = 15;

/** Ids of the processes in /proc, ascending. */
export function listProcesses(root: Root): number[] {
  return root
    .list('/proc')
    .filter((name) => /^[1-9]\d{0,9}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The action's result, or undefined when the process has ended meanwhile or is not ours to look at. */
export function ofProcess<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof KernelFileError) return undefined;
    throw error;
  }
}

/** Running processes of any of these names, by pid (/proc/N/comm; a name of more than 15 bytes matches cut). */
export function findProcesses(root: Root, names: readonly string[]): { pid: number; name: string }[] {
  const nameByComm = new Map(names.map((name) => [name.slice(0, MAX_COMM_BYTES), name]));
  const found: { pid: number; name: string }[] = [];
  for (const pid of listProcesses(root)) {
    const comm = ofProcess(() => root.readIfPresent(`/proc/${pid}/comm`)) ?? '';
    const name = nameByComm.get(comm.replace(/\n$/, ''));
    if (name !== undefined) found.push({ pid, name });
  }
  return found;
}

/** The command line of a process, its name included (/proc/N/cmdline); empty when it is gone, or is a zombie. */
export function argumentsOf(root: Root, pid: number): string[] {
  const line = ofProcess(() => root.readIfPresent(`/proc/${pid}/cmdline`)) ?? '';
  return line.split('\0').slice(0, -1);
}

/** What a process is called: the base name of its first argument, else its comm; null when it is gone. */
export function commandOf(root: Root, pid: number): string | null {
  const first = ofProcess(() => root.readIfPresent(`/proc/${pid}/cmdline`))?.split('\0')[0] ?? '';
  if (first !== '') return path.basename(first);
  const comm = ofProcess(() => root.readIfPresent(`/proc/${pid}/comm`))?.trim() ?? '';
  return comm === '' ? null : comm;
}
