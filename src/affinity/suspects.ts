import { findProcesses } from '../linux/processes.ts';
import type { Root } from '../linux/root.ts';

/** Services that move interrupts by themselves, by the name in /proc/PID/comm. */
const INTERRUPT_MOVERS = ['irqbalance', 'tuned'] as const;

/**
 * What to say about who may have changed a mask: `; irqbalance (pid 812) is running and moves interrupts: stop it`,
 * or an empty text when no known mover runs. Never throws: it only adds to a message.
 */
export function suspectClause(root: Root): string {
  let found: readonly { pid: number; name: string }[];
  try {
    found = findProcesses(root, INTERRUPT_MOVERS);
  } catch {
    return '';
  }
  if (found.length === 0) return '';
  const who = found.map(({ pid, name }) => `${name} (pid ${pid})`).join(' and ');
  return found.length === 1
    ? `; ${who} is running and moves interrupts: stop it`
    : `; ${who} are running and move interrupts: stop them`;
}
