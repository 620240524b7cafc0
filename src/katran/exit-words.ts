import { exitStatusOf, type KatranExit } from './process.ts';

/** How far katran had come when it ended. */
export type Phase = 'starting' | 'running';

function usualMeaning(exit: KatranExit, phase: Phase, intf: string): string | undefined {
  const detach = `its XDP program may still be attached: see 'ip link show dev ${intf}', detach with 'ip link set dev ${intf} xdp off'`;
  switch (exit.signal) {
    case 'SIGABRT':
      return phase === 'starting'
        ? 'it refused what it was given: a path, the interface, the root array, the forwarding cores or its capabilities; the lines above say which'
        : `it aborted; the lines above say why; ${detach}`;
    case 'SIGSEGV':
      return phase === 'starting'
        ? `after 'Server listening' this usually means that its port is taken; ${detach}`
        : `it crashed; ${detach}`;
    case 'SIGKILL':
      return `somebody killed it, or the kernel ran out of memory ('dmesg | grep -i oom'); ${detach}`;
    case 'SIGPIPE':
      return `the reader of its log is gone; ${detach}`;
    case 'SIGHUP':
      return detach;
    case 'SIGTERM':
      return phase === 'starting' ? 'it was stopped before its signal handler was there' : undefined;
    default:
      break;
  }
  if (exit.code === 1 && phase === 'starting')
    return 'it did not accept a flag or its value; the lines above say which';
  return undefined;
}

/** How katran ended, in words, with what it usually means and what to do about it. One line. */
export function describeExit(exit: KatranExit, phase: Phase, intf: string): string {
  const how =
    exit.signal === null
      ? `exited with status ${exit.code ?? 1}`
      : `died of ${exit.signal} (status ${exitStatusOf(exit)})`;
  const meaning = usualMeaning(exit, phase, intf);
  const when = phase === 'starting' ? ' before it was up' : '';
  return `katran ${how}${when}${meaning === undefined ? '' : `: ${meaning}`}`;
}
