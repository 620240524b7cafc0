import { ofProcess } from './processes.ts';
import type { Root } from './root.ts';

/**
 * The network namespace of a process, by its inode number (/proc/PID/ns/net, network_namespaces(7)); undefined when the process is gone
 * or may not be looked at.
 */
export function networkNamespaceOf(root: Root, pid: number | 'self'): string | undefined {
  const link = ofProcess(() => root.readlink(`/proc/${pid}/ns/net`)) ?? '';
  return /^net:\[(\d+)\]$/.exec(link)?.[1];
}
