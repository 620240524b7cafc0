import { ipv6OfHex } from './ipv6-route.ts';
import { malformed } from './malformed.ts';
import { dottedOfHex } from './net-route.ts';
import { socketInodes } from './process-sockets.ts';
import { commandOf, listProcesses } from './processes.ts';
import type { Root } from './root.ts';

const TCP_LISTEN = '0A';

export interface ListeningSocket {
  /** Dotted, or canonical IPv6 text. */
  readonly address: string;
  readonly port: number;
  readonly inode: number;
}

export interface Listener {
  readonly address: string;
  /** Null when its owner is hidden from us (another user's, another PID namespace's). */
  readonly pid: number | null;
  readonly command: string | null;
}

const SOCKET =
  /^\s*\d+:\s+([0-9a-f]{8}|[0-9a-f]{32}):([0-9a-f]{4})\s+\S+:\S+\s+([0-9a-f]{2})\s+(?:\S+\s+){5}(\d+)(?:\s|$)/i;

/** IPv6 addresses are four numbers of a little-endian host. */
function addressOfHex(hex: string): string {
  return hex.length === 8 ? dottedOfHex(hex) : ipv6OfHex(hex.replace(/(..)(..)(..)(..)/g, '$4$3$2$1'));
}

/**
 * The listening sockets (state 0A) in the text of /proc/net/tcp or tcp6 (net/ipv4/tcp_ipv4.c).
 * Throws KernelFileError that names the line.
 */
export function parseListeningSockets(text: string, path = '/proc/net/tcp'): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    if (index === 0) {
      if (!/^\s*sl\s+local_address\s/.test(line))
        throw malformed(path, 1, 'a header of sl local_address …', line);
      return;
    }
    const [, address, port, state, inode] = SOCKET.exec(line) ?? [];
    if (address === undefined || port === undefined || state === undefined) {
      throw malformed(
        path,
        index + 1,
        'a socket (number, addresses and state in hexadecimal, …, inode)',
        line,
      );
    }
    if (state.toUpperCase() !== TCP_LISTEN) return;
    sockets.push({ address: addressOfHex(address), port: Number.parseInt(port, 16), inode: Number(inode) });
  });
  return sockets;
}

/** All processes, that one first. */
function* processesFrom(root: Root, first: number | undefined): Generator<number> {
  if (first !== undefined) yield first;
  for (const pid of listProcesses(root)) if (pid !== first) yield pid;
}

/** The processes that hold these sockets open (/proc/N/fd/M -> socket:[inode]), as far as we may look. */
function ownersOf(root: Root, inodes: ReadonlySet<number>, likely: number | undefined): Map<number, number> {
  const pidByInode = new Map<number, number>();
  for (const pid of processesFrom(root, likely)) {
    for (const inode of socketInodes(root, pid))
      if (inodes.has(inode) && !pidByInode.has(inode)) pidByInode.set(inode, pid);
    if (pidByInode.size === inodes.size) break;
  }
  return pidByInode;
}

/** The sockets that listen on a TCP port, from /proc/net/tcp and /proc/net/tcp6. Throws KernelFileError. */
export function listeningSocketsOn(root: Root, port: number): ListeningSocket[] {
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => parseListeningSockets(root.readIfPresent(path) ?? '', root.hostPath(path)))
    .filter((socket) => socket.port === port);
}

/**
 * Who listens on a TCP port, from /proc/net/tcp, /proc/net/tcp6 and /proc/N/fd; several when the port is shared.
 * When all of its sockets are those of the `likely` process, no other is looked at. Throws KernelFileError.
 */
export function findListeners(root: Root, port: number, likely?: number): Listener[] {
  const sockets = listeningSocketsOn(root, port);
  if (sockets.length === 0) return [];
  const owners = ownersOf(root, new Set(sockets.map((socket) => socket.inode)), likely);
  return sockets.map(({ address, inode }) => {
    const pid = owners.get(inode) ?? null;
    return { address, pid, command: pid === null ? null : commandOf(root, pid) };
  });
}
