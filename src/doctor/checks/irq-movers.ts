import { findProcesses, listProcesses } from '../../linux/processes.ts';
import type { Host } from '../host.ts';
import { fail, ok, skipped, warn, type Check, type Finding } from '../types.ts';

function running(host: Host, name: string): string | undefined | Finding {
  if (listProcesses(host.root).length === 0) return skipped('no processes are recorded below -sysroot');
  const found = findProcesses(host.root, [name]);
  return found.length === 0 ? undefined : found.map(({ pid }) => `${name} (pid ${pid}) runs`).join(', ');
}

export const irqbalance: Check = {
  id: 'irqbalance',
  group: 'affinity',
  purpose: 'irqbalance does not move the interrupts away again',
  look: (host) => {
    const found = running(host, 'irqbalance');
    if (found === undefined) return ok('not running');
    if (typeof found !== 'string') return found;
    return fail(
      found,
      'it moves interrupts every 10 s: packets then arrive on CPUs that katran keeps no connection table for',
      'systemctl disable --now irqbalance',
    );
  },
};

export const tuned: Check = {
  id: 'tuned',
  group: 'affinity',
  purpose: 'tuned does not move the interrupts away again',
  look: (host) => {
    const found = running(host, 'tuned');
    if (found === undefined) return ok('not running');
    if (typeof found !== 'string') return found;
    return warn(
      found,
      'profiles with isolated cores or an [irq] section move interrupts when they are applied',
      'tuned-adm active; if the profile moves IRQs: systemctl disable --now tuned',
    );
  },
};
