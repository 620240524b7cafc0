import { readStatus } from '../../linux/self-status.ts';
import { ok, warn, type Check } from '../types.ts';

export const rootUser: Check = {
  id: 'root',
  group: 'host',
  purpose: 'root may write IRQ masks, load BPF programs and read everything that is checked here',
  look: (host) => {
    const { effectiveUid } = readStatus(host.root);
    if (effectiveUid === 0) return ok('running as root');
    return warn(
      `running as user ${effectiveUid}`,
      'masks in /proc/irq belong to root, so -affinitize fails; some checks here see less',
      'run it again with sudo',
    );
  },
};
