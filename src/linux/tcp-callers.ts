import { socketInodes } from './process-sockets.ts';
import { ofProcess } from './processes.ts';
import type { Root } from './root.ts';

/** LISTEN, TIME_WAIT and CLOSE: nothing can be read from such a socket any more, or ever. */
const MUTE = new Set(['0A', '06', '07']);
const CONNECTION =
  /^\s*\d+: ([0-9A-F]+:([0-9A-F]{4})) ([0-9A-F]+:([0-9A-F]{4})) ([0-9A-F]{2}) (?:\S+ +){5}(\d+)/gim;
/** How an IPv4 address is in /proc/net/tcp6, where a server for both families has its end. */
const MAPPED = /^0000000000000000FFFF0000/i;

const plain = (address: string): string => address.replace(MAPPED, '').toUpperCase();

/**
 * How many connections the network namespace of this process has accepted since it was made (/proc/PID/net/snmp, net/ipv4/proc.c);
 * undefined where that cannot be read.
 */
export function acceptedConnections(root: Root, pid: number): number | undefined {
  const text = ofProcess(() => root.readIfPresent(`/proc/${pid}/net/snmp`));
  const [, names, values] = /^Tcp: (.*)\nTcp: (.*)$/m.exec(text ?? '') ?? [];
  const index = names?.split(' ').indexOf('PassiveOpens') ?? -1;
  const count = index === -1 ? undefined : values?.split(' ')[index];
  return count === undefined || !/^\d+$/.test(count) ? undefined : Number(count);
}

/**
 * Whether a connection to this port, in the network namespace of that process, is open whose other end is not our own. True where it
 * cannot be seen.
 */
export function othersConnected(root: Root, pid: number, port: number): boolean {
  return ofProcess(() => seesOthers(root, pid, port)) ?? true;
}

function seesOthers(root: Root, pid: number, port: number): boolean {
  // Without IPv6 there is no second table.
  const table = root.read(`/proc/${pid}/net/tcp`) + (root.readIfPresent(`/proc/${pid}/net/tcp6`) ?? '');
  const servers: { readonly local: string; readonly remote: string }[] = [];
  const inodes = new Map<string, number>();
  for (const [
    ,
    local = '',
    localPort = '',
    remote = '',
    remotePort = '',
    state = '',
    inode = '',
  ] of table.matchAll(CONNECTION)) {
    if (Number.parseInt(remotePort, 16) === port)
      inodes.set(`${plain(local)} ${plain(remote)}`, Number(inode));
    if (Number.parseInt(localPort, 16) === port && !MUTE.has(state.toUpperCase()))
      servers.push({ local: plain(local), remote: plain(remote) });
  }
  if (servers.length === 0) return false;
  const own = new Set(socketInodes(root, 'self'));
  return servers.some(({ local, remote }) => !own.has(inodes.get(`${remote} ${local}`) ?? 0));
}
