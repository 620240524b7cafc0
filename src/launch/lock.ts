import { createHash } from 'node:crypto';
import net from 'node:net';
import { Failure } from '../failure.ts';
import { openRoot, type Root } from '../linux/root.ts';
import { addressesConflict, type KatranEndpoint } from '../katran/endpoint.ts';

/** Held until released or until the process ends, however it ends. */
export interface LaunchLock {
  release(): void;
}

/**
 * Binds a name in Linux's abstract namespace (unix(7)): it belongs to the network namespace, as ports and interfaces do,
 * and the kernel drops it with the process, so that none is ever left behind. Throws Failure with those words when the
 * name, or one that conflicts with it, is bound already.
 */
async function hold(
  name: string,
  what: string,
  taken: string,
  conflicts: (other: string) => boolean,
): Promise<LaunchLock> {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const held = 'code' in error && error.code === 'EADDRINUSE';
      const words = held ? taken : `cannot lock ${what} against a second launcher: ${error.message}`;
      reject(new Failure(words, { cause: error }));
    });
    server.listen(`\0${name}`, resolve);
  });
  server.unref();
  // One of them is ours. Two that conflict and begin in one moment may both see the other and give up: none goes on wrongly.
  if (boundNames().filter((other) => other === name || conflicts(other)).length > 1) {
    server.close();
    throw new Failure(taken);
  }
  return { release: () => server.close() };
}

/**
 * The abstract names bound now. One runtime binds a name as it is and another fills it up with NUL bytes (some versions of
 * Node), which for the kernel are two names: /proc/net/unix shows both, the NUL bytes as `@`.
 */
function boundNames(): string[] {
  const sockets = openRoot('/').readIfPresent('/proc/net/unix') ?? '';
  return sockets
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf(' ') + 1))
    .filter((name) => name.startsWith('@'))
    .map((name) => name.slice(1).replace(/@+$/, ''));
}

const PORT_LOCK = /^start-katran:(\d+):(.*)$/;

/** Stands for a host name, which may be any address. */
const ANY = '0.0.0.0';

/**
 * Makes sure that one launcher at a time works on a katran port. Two specific addresses have a port each; a wildcard
 * conflicts with them all. Throws Failure when another launcher holds it.
 */
export function lockPort({ port, bound }: Pick<KatranEndpoint, 'port' | 'bound'>): Promise<LaunchLock> {
  const address = net.isIP(bound) === 0 ? ANY : bound;
  return hold(
    `start-katran:${port}:${address}`,
    `katran's port ${port}`,
    `another start-katran is launching or supervising katran on port ${port}; stop that one first, or give another -server`,
    (other) => {
      const [, itsPort, itsAddress] = PORT_LOCK.exec(other) ?? [];
      return Number(itsPort) === port && itsAddress !== undefined && addressesConflict(itsAddress, address);
    },
  );
}

/**
 * Makes sure that one launcher at a time works on an interface: a second katran would replace the XDP program of the first
 * without a word, and take it off at its end. Below a -sysroot interfaces are those of another host, so each has names of its own.
 * Throws Failure when another launcher holds it.
 */
export function lockInterface(root: Root, interfaceName: string): Promise<LaunchLock> {
  const base = root.hostPath('/');
  const host = base === '/' ? '' : `:${createHash('sha256').update(base).digest('hex').slice(0, 16)}`;
  return hold(
    `start-katran-if:${interfaceName}${host}`,
    `interface ${interfaceName}`,
    `another start-katran is launching or supervising katran on interface ${interfaceName}, where a second katran would take ` +
      'the XDP program of the first away; stop that one first, or give another -intf',
    () => false,
  );
}

/** Both locks, or none. */
export async function lockLaunch(
  endpoint: KatranEndpoint,
  root: Root,
  interfaceName: string,
): Promise<LaunchLock> {
  const port = await lockPort(endpoint);
  try {
    const device = await lockInterface(root, interfaceName);
    return {
      release: () => {
        device.release();
        port.release();
      },
    };
  } catch (error) {
    port.release();
    throw error;
  }
}
