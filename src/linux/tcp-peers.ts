import { socketInodes } from './process-sockets.ts';
import type { Root } from './root.ts';

const ESTABLISHED = '01';

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** Inode of the connected socket with these ports, of either family; 0 while nobody has accepted it, undefined when there is none. */
function inodeOf(root: Root, localPort: number, remotePort: number): number | undefined {
  const ports = new RegExp(
    `^\\s*\\d+: [0-9A-F]+:${hexPort(localPort)} [0-9A-F]+:${hexPort(remotePort)} ${ESTABLISHED} (?:\\S+ +){5}(\\d+)`,
    'im',
  );
  for (const table of ['/proc/net/tcp6', '/proc/net/tcp']) {
    const inode = ports.exec(root.readIfPresent(table) ?? '')?.[1];
    if (inode !== undefined) return Number(inode);
  }
  return undefined;
}

/**
 * Whether the process holds the server's end of a connection on this machine: `serverPort` is where it listens, `clientPort` the port of
 * the client's end. Undefined while the connection waits to be accepted, when it belongs to nobody yet. Throws KernelFileError.
 */
export function ownsServerEnd(
  root: Root,
  pid: number,
  serverPort: number,
  clientPort: number,
): boolean | undefined {
  const inode = inodeOf(root, serverPort, clientPort);
  if (inode === undefined || inode === 0) return undefined;
  return [...socketInodes(root, pid)].includes(inode);
}
