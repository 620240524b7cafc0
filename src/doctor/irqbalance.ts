import { lookAtIrqbalance, pinnedIrqs, type PinnedIrqs } from '../affinity/irqbalance.ts';
import { Failure } from '../failure.ts';
import { listProcesses } from '../linux/processes.ts';
import type { Host } from './host.ts';
import { type Examine, fail, ok, skipped, warn } from './types.ts';

/** The IRQs of the plan; none where there is no plan. */
function ownIrqs(host: Host): PinnedIrqs {
  try {
    return pinnedIrqs(host.plan());
  } catch (error) {
    if (error instanceof Failure) return { receive: [], all: [] };
    throw error;
  }
}

/** Whether irqbalance moves the NIC's interrupts, now or after the next boot. */
export const irqbalance: Examine = async (host) => {
  const { root } = host;
  const { state, who, banned, remedy } = await lookAtIrqbalance(root, ownIrqs(host));
  switch (state) {
    case 'runs':
      if (banned === 'all') return ok(`${who}, with the NIC's IRQs banned`);
      if (banned === 'receive')
        return warn(
          `${who}, with only the NIC's receive IRQs banned`,
          'it moves transmit interrupts away from the CPUs of their queues',
          remedy,
        );
      return fail(
        who,
        'it moves interrupts every 10 s: packets then arrive on CPUs that katran keeps no connection table for',
        remedy,
      );
    case 'enabled':
      if (banned === 'all') return ok("enabled, with the NIC's IRQs banned");
      return warn(
        'irqbalance is enabled, though it does not run now',
        'after the next boot, or when somebody starts it, it moves the interrupts within 10 s of the writing of the masks',
        remedy,
      );
    case 'absent':
      if (listProcesses(root).length === 0) return skipped('no processes are recorded below -sysroot');
      return ok('not running, not enabled');
  }
};
