import net from 'node:net';
import { Failure } from '../failure.ts';
import { openRoot } from '../linux/root.ts';
import { findListeners, type Listener } from '../linux/tcp-listeners.ts';
import type { KatranEndpoint } from './endpoint.ts';

/** Milliseconds for a local port to accept; on loopback an answer takes microseconds. */
const CONNECT_TIMEOUT_MS = 500;

function answers(endpoint: KatranEndpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: endpoint.host, port: endpoint.port });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

function whose(listener: Listener | undefined): string {
  if (listener === undefined) return 'something';
  if (listener.pid === null) return `something listening on ${listener.address}`;
  return `${listener.command ?? 'a process'} (pid ${listener.pid})`;
}

/** The sockets that listen on katran's port on this machine, whatever -sysroot says: the port is a real one. */
export function listenersOn(endpoint: KatranEndpoint, likely?: number): Listener[] {
  return findListeners(openRoot('/'), endpoint.port, likely);
}

/**
 * Throws Failure when anything answers on katran's port: two katrans share a port without an error, and the one that
 * exits first detaches the XDP program of both. A predecessor, from which katran is to take over, may have it.
 */
export async function checkPortFree(endpoint: KatranEndpoint, predecessor?: number): Promise<void> {
  const all = listenersOn(endpoint).filter((listener) => endpoint.conflictsWith(listener.address));
  const listening = all.filter(({ pid }) => pid === null || pid !== predecessor);
  if (all.length > 0 && listening.length === 0) return;
  if (listening.length === 0 && !(await answers(endpoint))) return;
  throw new Failure(
    `katran's port ${endpoint.port} is taken: ${whose(listening[0])} answers on ${endpoint.address}`,
    {
      remedy:
        'stop it first (two katrans share a port silently, and traffic stops when one of them ends), or give another -server',
    },
  );
}

/**
 * Throws Failure when the port that answers is not the started katran's alone: two servers can share it without an error,
 * and each call may reach either. Where the owner of a socket cannot be seen (not root), nothing is claimed.
 */
export function checkOwnPort(endpoint: KatranEndpoint, katranPid: number): void {
  const foreign = listenersOn(endpoint, katranPid).filter(
    ({ address, pid }) => pid !== null && pid !== katranPid && endpoint.conflictsWith(address),
  );
  const [first] = foreign;
  if (first === undefined) return;
  throw new Failure(
    `${endpoint.address} is shared with ${first.command ?? 'another process'} (pid ${first.pid ?? '?'}), which began to listen while ` +
      `katran (pid ${katranPid}) started: calls may reach either. Stop one of them`,
  );
}
