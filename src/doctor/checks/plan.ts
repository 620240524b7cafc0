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
      // Messages of failures end with what to do: `…; run: ip link set eth0 up`.
      const message = messageOf(error);
      const end = message.lastIndexOf('; ');
      return fail(
        end === -1 ? message : message.slice(0, end),
        'katran cannot be told which CPUs receive packets, so it is not started',
        end === -1
          ? 'correct the flags; start-katran -dry_run tells the same until then'
          : message.slice(end + 2),
      );
    }
  },
};
