import { createServer, isIPv4, type ListenOptions, type Server as Listener, type Socket } from 'node:net';
import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** Node's types know this option from version 23 on; the runtime of the double has it. */
type SharedPort = ListenOptions & { reusePort: boolean };

/** The open port: its listener, its sockets, and the gRPC server behind it. */
export interface Port {
  /** Stops taking connections, asks the peers to leave, and waits for them for at most so many ms. */
  shutDown(lingerMs: number): Promise<void>;
}

/**
 * Opens katran's port, shared with every other katran on it (SO_REUSEPORT); connections go to the server, or to
 * nobody when it is `undefined`. Rejects when an ordinary listener holds the port.
 */
export function openPort(address: string, server: Server | undefined): Promise<Port> {
  const sockets = new Set<Socket>();
  const injector = server?.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // a peer that resets its connection is no news
    // A socket that nobody reads would never notice that its peer has closed it.
    if (injector === undefined) socket.resume();
    else injector.injectConnection(socket);
  });
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(listenOptions(address), () =>
      resolve({ shutDown: (lingerMs) => shutDown(listener, server, sockets, lingerMs) }),
    );
  });
}

/** gRPC binds IPv6 sockets only: `::` for 0.0.0.0, which takes IPv4 too, and `::ffff:127.0.0.1` for 127.0.0.1. */
function listenOptions(address: string): ListenOptions {
  if (address.startsWith('unix:')) return { path: address.slice('unix:'.length) };
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const shared: SharedPort = {
    host: host === '0.0.0.0' ? '::' : isIPv4(host) ? `::ffff:${host}` : host,
    port: Number(address.slice(colon + 1)),
    reusePort: true,
  };
  return shared;
}

/**
 * A peer that takes part in HTTP/2 answers the ping of the farewell; one that is silent (a raw connection, a stopped
 * client) is waited for until it closes or the time is over.
 */
async function shutDown(
  listener: Listener,
  server: Server | undefined,
  sockets: ReadonlySet<Socket>,
  lingerMs: number,
): Promise<void> {
  listener.close();
  const answered = new Set<Pingable>();
  const silent = (): number => sockets.size - [...answered].filter(({ destroyed }) => !destroyed).length;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (silent() <= 0) resolve();
    };
    for (const socket of sockets) socket.once('close', look);
    for (const session of sessionsOf(server)) {
      session.ping(() => {
        answered.add(session);
        look();
      });
    }
    setTimeout(resolve, lingerMs);
    look();
  });
  server?.forceShutdown();
  for (const socket of sockets) socket.destroy();
}

interface Pingable {
  readonly destroyed: boolean;
  ping(answered: () => void): unknown;
}

/** gRPC keeps its HTTP/2 sessions to itself; a ping needs them. */
function sessionsOf(server: Server | undefined): Pingable[] {
  const sessions: unknown = server === undefined ? undefined : Reflect.get(server, 'sessions');
  return sessions instanceof Map ? [...sessions.keys()].filter(isPingable) : [];
}

function isPingable(session: unknown): session is Pingable {
  return (
    typeof session === 'object' &&
    session !== null &&
    'ping' in session &&
    'destroyed' in session &&
    !session.destroyed
  );
}
