import { setTimeout as pause } from 'node:timers/promises';
import type { KatranProcess } from '../katran/process.ts';
import { runningInGroup } from '../linux/process-group.ts';
import { openRoot } from '../linux/root.ts';
import { SHUTDOWN_GRACE_MS } from './shutdown.ts';
import type { Launch } from './types.ts';

const POLL_MS = 50;

/**
 * Ends what a katran that has ended has left of its process group: the real katran, where -binary is a script that starts it, or a
 * katran that went into the background. In order, so that nothing stays attached.
 */
export async function endRest(
  { options, log, signalProcess }: Pick<Launch, 'options' | 'log' | 'signalProcess'>,
  { pid: group }: KatranProcess,
): Promise<void> {
  const left = (): number[] => runningInGroup(openRoot('/'), group);
  const [first] = left();
  if (first === undefined) return;
  log.error(
    `pid ${first} was started by katran (pid ${group}), which has ended: -binary must become katran (exec), not start it; ending it too`,
  );
  signalProcess(-group, 'SIGTERM');
  const deadline = performance.now() + options.shutdown_delay + SHUTDOWN_GRACE_MS;
  while (left().length > 0 && performance.now() < deadline) await pause(POLL_MS);
  if (left().length > 0) signalProcess(-group, 'SIGKILL');
}
