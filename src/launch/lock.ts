import net from 'node:net';
import { Failure } from '../failure.ts';
import { openRoot } from '../linux/root.ts';

/** Held until released or until the process ends, however it ends. */
export interface LaunchLock {
  release(): void;
}

const nameOf = (port: number): string => `start-katran:${port}`;

/**
 * Makes sure that one launcher at a time works on a katran port. The lock is a socket in Linux's abstract namespace
 * (unix(7)): it belongs to the network namespace, as the port does, and the kernel drops it with the process, so that
 * none is ever left behind. Throws Failure when another launcher holds it.
 */
export async function lockPort(port: number): Promise<LaunchLock> {
  const server = net.createServer((socket) => socket.destroy());
  const taken = (cause?: unknown): Failure =>
    new Failure(
      `another start-katran is launching or supervising katran on port ${port}; stop that one first, or give another -server`,
      { cause },
    );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') reject(taken(error));
      else
        reject(
          new Failure(`cannot lock katran's port ${port} against a second launcher: ${error.message}`, {
            cause: error,
          }),
        );
    });
    server.listen(`\0${nameOf(port)}`, resolve);
  });
  server.unref();
  if (holdersOf(port) > 1) {
    server.close();
    throw taken();
  }
  return { release: () => server.close() };
}

/**
 * How many launchers have bound the lock. One runtime binds the name as it is and another fills it up with NUL bytes (some
 * versions of Node), which for the kernel are two names: /proc/net/unix shows both, the NUL bytes as `@`.
 */
function holdersOf(port: number): number {
  const sockets = openRoot('/').readIfPresent('/proc/net/unix') ?? '';
  const names = sockets.split('\n').map((line) => line.slice(line.lastIndexOf(' ') + 1).replace(/@+$/, ''));
  return names.filter((name) => name === `@${nameOf(port)}`).length;
}
