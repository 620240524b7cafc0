import { once } from 'node:events';
import net from 'node:net';
import type { Scene } from './scene.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

/** Ends a launch that is up with SIGTERM. */
export async function stopWhenUp(scene: Scene): Promise<void> {
  await scene.isUp();
  scene.launcher.kill('SIGTERM');
}

/** An ordinary TCP listener (no SO_REUSEPORT) on katran's port, closed with all its connections when the scene is over. */
export async function listenOnPort(
  scene: Scene,
  { host = '127.0.0.1', onConnection = () => undefined }: { host?: string; onConnection?: () => void } = {},
): Promise<void> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(scene.staged.port, host, resolve);
  });
  scene.onRelease(
    () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(resolve);
      }),
  );
}

/** Waits, by looking, for something that cannot be awaited: a state of /proc, an answer to a repeated question. */
export async function until(
  what: string,
  look: () => boolean | Promise<boolean>,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A TCP connection to katran that says nothing and stays, until the scene is over. */
export async function silentConnection(scene: Scene): Promise<void> {
  const socket = net.connect(scene.staged.port, '127.0.0.1');
  socket.on('error', () => undefined);
  scene.onRelease(() => socket.destroy());
  await once(socket, 'connect');
}
