import { Failure } from '../failure.ts';
import type { KatranEndpoint } from './endpoint.ts';
import { listenersOn } from './preflight.ts';

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
