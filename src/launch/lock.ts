import net from 'node:net';
import { Failure } from '../failure.ts';

/** Held until released or until the process ends, however it ends. */
export interface LaunchLock {
  release(): void;
}

/**
 * Makes sure that one launcher at a time works on a katran port. The lock is a socket in Linux's abstract namespace
 * (unix(7)): it belongs to the network namespace, as the port does, and the kernel drops it with the process, so that
 * none is ever left behind. Throws Failure when another launcher holds it.
 */
export async function lockPort(port: number): Promise<LaunchLock> {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE';
      const reason = taken
        ? `another start-katran is launching or supervising katran on port ${port}; stop that one first, or give another -server`
        : `cannot lock katran's port ${port} against a second launcher: ${error.message}`;
      reject(new Failure(reason, { cause: error }));
    });
    server.listen(`\0start-katran:${port}`, resolve);
  });
  server.unref();
  return { release: () => server.close() };
}
