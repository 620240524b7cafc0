import type { Listener } from '../../linux/tcp-listeners.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

const isKatran = ({ command }: Listener): boolean => command?.startsWith('katran_server') ?? false;

const inWords = ({ command, pid, address }: Listener): string =>
  pid === null ? `a process that only root can see, on ${address}` : `${command ?? 'a process'} (pid ${pid})`;

export const port: Check = {
  id: 'port',
  group: 'katran',
  purpose: "katran's port is free, or katran's",
  look: (host) => {
    if (!host.root.exists('/proc/net/tcp')) return skipped('there is no /proc/net/tcp');
    const listeners = host.listeners();
    const who = [...new Set(listeners.map(inWords))];
    const address = `port ${host.endpoint.port}`;
    if (listeners.length === 0) return ok(`${address} is free`);
    const pids = new Set(listeners.map(({ pid }) => pid));
    if (pids.size === 1 && listeners.every(isKatran))
      return ok(
        `${who.join(', ')} listens on ${address}`,
        'katran runs; a second one on this port is not started',
      );
    const katrans = listeners.filter(isKatran).length;
    const pid =
      listeners.find((listener) => listener.pid !== null && !isKatran(listener))?.pid ?? listeners[0]?.pid;
    return fail(
      `${address} is taken: ${who.join(', ')}`,
      katrans > 1
        ? 'they share it silently, and when one ends it takes the XDP program of the other with it'
        : 'katran crashes (SIGSEGV) when it cannot have the port, and leaves its XDP program attached',
      pid == null
        ? 'run doctor as root to see whose it is, or choose another: -server ADDRESS:PORT'
        : `stop pid ${pid}, or choose another: -server ADDRESS:PORT`,
    );
  },
};
