import { Failure, messageOf } from '../../failure.ts';
import { formatCpuList } from '../../linux/cpu-list.ts';
import { fail, ok, type Check } from '../types.ts';

export const planExists: Check = {
  id: 'plan',
  group: 'affinity',
  purpose: 'each receive queue of the NIC can be given a CPU',
  look: (host) => {
    host.interfaceName();
    try {
      const { vectors, strategy, forwardingCores } = host.makePlan();
      const cores = formatCpuList([...forwardingCores].sort((a, b) => a - b));
      const receive = vectors.filter(({ role }) => role === 'receive').length;
      if (vectors.length === 0) return ok(`CPUs ${cores}, by -forwarding_cores`);
      return ok(`${receive} receive ${receive === 1 ? 'vector' : 'vectors'} to CPUs ${cores} (${strategy})`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return fail(
        messageOf(error),
        'katran cannot be told which CPUs receive packets, so it is not started',
        'if the NIC has no interrupts of its own: -forwarding_cores LIST',
      );
    }
  },
};
