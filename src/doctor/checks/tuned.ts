import { running } from '../mover.ts';
import { ok, warn, type Check } from '../types.ts';

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
