import { errnoOf } from '../failure.ts';
import { readIpv6Routes } from '../linux/ipv6-route.ts';
import { openRoot, type Root } from '../linux/root.ts';
import { isLinkLocal } from './next-hop.ts';
import type { Family, NextHop } from './types.ts';

const DISCARD_PORT = 9;

/**
 * Sends one empty UDP datagram to the discard port of the next hop, so that the kernel resolves its MAC or probes the one it
 * has. Gives the errno name when it could not be sent (`ENETUNREACH` while the interface is down), else undefined. Never throws.
 */
export async function sendDatagram(hop: NextHop): Promise<string | undefined> {
  // Most gateways are known, and no datagram is sent.
  const { createSocket } = await import('node:dgram');
  const ipv6 = hop.family === 6;
  const destination = isLinkLocal(hop.address) ? `${hop.address}%${hop.interface}` : hop.address;
  return await new Promise((resolve) => {
    const socket = createSocket(ipv6 ? 'udp6' : 'udp4');
    let finished = false;
    const finish = (error: Error | null): void => {
      if (finished) return;
      finished = true;
      socket.close();
      resolve(error === null ? undefined : (errnoOf(error) ?? error.message));
    };
    // Stays on: a late error must not end the program.
    socket.on('error', finish);
    socket.send(new Uint8Array(0), DISCARD_PORT, destination, finish);
  });
}

const asSeen = (root: Root, family: Family): string =>
  family === 4 ? (root.readIfPresent('/proc/net/route') ?? '') : JSON.stringify(readIpv6Routes(root));

/**
 * True when the routes below the root are this machine's own, so that its neighbours can be asked about. Those of a
 * recorded host (`-sysroot`) are addresses of somewhere else: nothing must be sent to them. Throws KernelFileError.
 */
export function isThisMachine(root: Root, family: Family): boolean {
  return root.live || asSeen(root, family) === asSeen(openRoot('/'), family);
}
