import type { KatranExit, KatranProcess } from '../katran/process.ts';
import type { Log } from '../log/log.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';

/** What katran may need beyond -shutdown_delay: 20 s for a connection that does not take part, and some more. */
export const SHUTDOWN_GRACE_MS = 25_000;

export interface ShutdownOptions {
  readonly katran: KatranProcess;
  readonly shutdownDelayMs: number;
  readonly log: Log;
}

/** Fulfilled with undefined after that many ms; `cancel` lets the process end before. */
function after(ms: number): { readonly elapsed: Promise<undefined>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { elapsed, cancel: () => clearTimeout(timer) };
}

/**
 * Stops katran as it wants to be stopped: one SIGTERM, then time for its shutdown delay and for a connection that does not
 * take part in the shutdown. Only then SIGKILL, which leaves the XDP program attached and is said so.
 */
export async function stopKatran({ katran, shutdownDelayMs, log }: ShutdownOptions): Promise<KatranExit> {
  if (katran.exit !== undefined) return katran.exit;
  // A stopped process does not handle SIGTERM before it is continued; to one that runs SIGCONT means nothing.
  katran.kill('SIGTERM');
  katran.kill('SIGCONT');
  const patienceMs = Math.min(shutdownDelayMs + SHUTDOWN_GRACE_MS, LONGEST_TIMER_MS);
  const patience = after(patienceMs);
  const ended = await Promise.race([katran.exited, patience.elapsed]);
  patience.cancel();
  if (ended !== undefined) return ended;
  log.error(`katran (pid ${katran.pid}) has not ended ${patienceMs} ms after SIGTERM; killing it`);
  katran.kill('SIGKILL');
  const exit = await katran.exited;
  return exit.signal === 'SIGKILL' ? { ...exit, byUs: true } : exit;
}
