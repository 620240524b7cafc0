import type { Root } from './root.ts';

/**
 * Whether this process has joined a multicast group of NETLINK_ROUTE (/proc/net/netlink, netlink_seq_show in
 * net/netlink/af_netlink.c): from then on the kernel tells it of changes. True where the kernel has no such file.
 */
export function hearsRouteMessages(root: Root, pid: number): boolean {
  const text = root.readIfPresent('/proc/net/netlink');
  if (text === undefined) return true;
  return text.split('\n').some((line) => {
    // The socket's address, its protocol (0 is NETLINK_ROUTE), its port (the process, of the first socket), its groups.
    const [, protocol, port, groups = ''] = line.trim().split(/\s+/);
    return protocol === '0' && port === String(pid) && /[1-9a-f]/i.test(groups);
  });
}
