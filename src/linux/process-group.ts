import { listProcesses, ofProcess } from './processes.ts';
import type { Root } from './root.ts';

interface Kinship {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly isDead: boolean;
}

/** Fields 3 to 5 of /proc/PID/stat (fs/proc/array.c); field 2, the name, is in parentheses and can hold anything. */
function kinshipOf(root: Root, pid: number): Kinship | undefined {
  const text = ofProcess(() => root.readIfPresent(`/proc/${pid}/stat`));
  if (text === undefined) return undefined;
  const [state, parent, group] = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(/\s+/);
  return { pid, parent: Number(parent), group: Number(group), isDead: state === 'Z' || state === 'X' };
}

/** The process that started this one, or that it was given to; undefined when it is gone. */
export function parentOf(root: Root, pid: number): number | undefined {
  return kinshipOf(root, pid)?.parent;
}

/** Whether a process was started by that one, by one of its children, and so on, or shares its process group. */
export function isDescendant(root: Root, pid: number, ancestor: number): boolean {
  const seen = new Set<number>();
  for (let next = pid; next > 1 && !seen.has(next);) {
    seen.add(next);
    const kinship = kinshipOf(root, next);
    if (kinship === undefined) return false;
    if (kinship.parent === ancestor || kinship.group === ancestor) return true;
    next = kinship.parent;
  }
  return false;
}

/** The processes of a group that still run, ascending. */
export function runningInGroup(root: Root, group: number): number[] {
  return listProcesses(root).filter((pid) => {
    const kinship = kinshipOf(root, pid);
    return kinship !== undefined && kinship.group === group && !kinship.isDead;
  });
}
