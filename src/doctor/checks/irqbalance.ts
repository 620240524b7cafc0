import { running } from '../mover.ts';
import { fail, ok, type Check } from '../types.ts';

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
