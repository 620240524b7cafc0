import { findProcesses, listProcesses } from '../linux/processes.ts';
import type { Host } from './host.ts';
import { skipped, type Finding } from './types.ts';

/** `irqbalance (pid 812) runs`, undefined when it does not; a finding where processes cannot be seen. */
export function running(host: Host, name: string): string | undefined | Finding {
  if (listProcesses(host.root).length === 0) return skipped('no processes are recorded below -sysroot');
  const found = findProcesses(host.root, [name]);
  return found.length === 0 ? undefined : found.map(({ pid }) => `${name} (pid ${pid}) runs`).join(', ');
}
