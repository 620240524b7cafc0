import { ofProcess } from './processes.ts';
import type { Root } from './root.ts';

/** Inodes of the sockets that a process holds open (/proc/N/fd/M -> socket:[inode]), as far as we may look. */
export function* socketInodes(root: Root, pid: number | 'self'): Generator<number> {
  const directory = `/proc/${pid}/fd`;
  for (const descriptor of ofProcess(() => root.list(directory)) ?? []) {
    const target = ofProcess(() => root.readlink(`${directory}/${descriptor}`));
    const inode = /^socket:\[(\d+)\]$/.exec(target ?? '')?.[1];
    if (inode !== undefined) yield Number(inode);
  }
}
