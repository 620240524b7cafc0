import { exitStatusOf, type KatranExit } from './process.ts';

/** How far katran had come when it ended. */
export type Phase = 'starting' | 'running';

/** What this end usually means, from katran's own behaviour. */
function usualMeaning(exit: KatranExit, phase: Phase): string | undefined {
  const starting = phase === 'starting';
  switch (exit.signal) {
    case 'SIGABRT':
      return starting
        ? 'it refused what it was given: a path, the interface, the root array, the forwarding cores or its capabilities; its own lines say which'
        : 'it aborted; its own lines say why';
    case 'SIGSEGV':
      return starting ? "after 'Server listening' this usually means that its port is taken" : 'it crashed';
    case 'SIGKILL':
      return exit.byUs === true
        ? 'the launcher killed it'
        : "somebody killed it, or the kernel ran out of memory ('dmesg | grep -i oom')";
    case 'SIGPIPE':
      return 'the reader of its log is gone';
    case 'SIGTERM':
      return starting ? 'it was stopped before its signal handler was there' : undefined;
    default:
      return exit.code === null ? undefined : meaningOfStatus(exit.code, starting);
  }
}

function meaningOfStatus(code: number, starting: boolean): string | undefined {
  if (code === 1 && starting) return 'it did not accept a flag or its value; its own lines say which';
  // The same status as the launcher's own for a wrong flag: its unit cannot tell the two apart.
  if (code === 2)
    return 'katran has no such status, a script that starts it may; start-katran.service is not started again after it, so let that script end with another one';
  return undefined;
}

/**
 * Katran detaches when it is stopped in order; it has not attached yet when its flags or its first moments end it, but for the moment
 * between attaching and its signal handlers, in which a SIGTERM does (launch/left-behind.ts looks).
 */
export function mayLeaveXdp(exit: KatranExit, phase: Phase): boolean {
  if (exit.code === 0) return false;
  return !(phase === 'starting' && (exit.code === 1 || exit.signal === 'SIGTERM'));
}

/** How katran ended, in words, with what it usually means and what it left (leftBehind). One line. */
export function describeExit(exit: KatranExit, phase: Phase, left?: string): string {
  const how =
    exit.signal === null
      ? `exited with status ${exit.code ?? 1}`
      : `died of ${exit.signal} (status ${exitStatusOf(exit)})`;
  const meaning = usualMeaning(exit, phase);
  const more = [meaning, left].filter((part) => part !== undefined).join('; ');
  const when = phase === 'starting' ? ' before it was up' : '';
  return `katran ${how}${when}${more === '' ? '' : `: ${more}`}`;
}
