import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { isDescendant } from '../linux/process-group.ts';
import { openRoot } from '../linux/root.ts';
import { findListeners, type Listener } from '../linux/tcp-listeners.ts';
import type { KatranEndpoint } from './endpoint.ts';

/** A process that was killed holds its port for some milliseconds more, in which nobody is seen to own it. */
const DYING_MS = 1000;
const DYING_POLL_MS = 20;

function whose(listener: Listener): string {
  if (listener.pid === null) return `something listening on ${listener.address}`;
  return `${listener.command ?? 'a process'} (pid ${listener.pid})`;
}

/** The sockets that listen on katran's port on this machine, whatever -sysroot says: the port is a real one. */
export function listenersOn(endpoint: KatranEndpoint, likely?: number): Listener[] {
  return findListeners(openRoot('/'), endpoint.port, likely);
}

/**
 * Throws Failure when anything listens on katran's port: two katrans share a port without an error, and the one that
 * exits first detaches the XDP program of both. A predecessor, from which katran is to take over, may have it. Nothing is connected to: on
 * a port that nobody has, the kernel may join the connection to itself, and katran could not have the port then.
 */
export async function checkPortFree(endpoint: KatranEndpoint, predecessor?: number): Promise<void> {
  const inTheWay = (): Listener[] =>
    listenersOn(endpoint).filter(
      ({ address, pid }) => endpoint.conflictsWith(address) && (pid === null || pid !== predecessor),
    );
  const deadline = performance.now() + DYING_MS;
  for (;;) {
    const listening = inTheWay();
    const [first] = listening;
    if (first === undefined) return;
    const mayBeDying = listening.every(({ pid }) => pid === null);
    if (!mayBeDying || performance.now() > deadline)
      throw new Failure(
        `katran's port ${endpoint.port} is taken: ${whose(first)} answers on ${endpoint.address}`,
        {
          remedy:
            'stop it first (two katrans share a port silently, and traffic stops when one of them ends), or give another -server',
        },
      );
    await pause(DYING_POLL_MS);
  }
}

/**
 * Whether katran can be called: its port listens, and belongs to it, or to somebody hidden from us. With another katran of ours on the same
 * port only its own socket counts. Nothing is to be connected to before that: see checkPortFree. Throws Failure when the port belongs to
 * a child of the process that was started.
 */
export function isListening(endpoint: KatranEndpoint, katranPid: number, sharesPort: boolean): boolean {
  const listeners = listenersOn(endpoint, katranPid);
  if (listeners.some(({ pid }) => pid === katranPid)) return true;
  const child = listeners.find(({ pid }) => pid !== null && isDescendant(openRoot('/'), pid, katranPid));
  if (child !== undefined)
    throw new Failure(
      `pid ${child.pid ?? '?'} is a child of katran: -binary must exec katran_server_grpc, so that pid ${katranPid}, which was started, becomes it`,
    );
  return listeners.some(
    ({ address, pid }) => pid === null || (!sharesPort && endpoint.conflictsWith(address)),
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
