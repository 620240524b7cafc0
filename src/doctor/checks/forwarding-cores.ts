import { formatCpuList } from '../../linux/cpu-list.ts';
import { fail, ok, type Check } from '../types.ts';

/** The server's own limit, whatever the BPF object allows. */
const SERVER_LIMIT = 512;

export const forwardingCores: Check = {
  id: 'forwarding-cores',
  group: 'affinity',
  purpose: "all forwarding cores are below the BPF object's limit, and there are not more than queues",
  look: (host) => {
    const { forwardingCores: cores } = host.plan();
    const limit = Math.min(host.options.max_cpus, SERVER_LIMIT);
    const beyond = cores.filter((cpu) => cpu >= limit);
    const found = `${cores.length}, highest ${Math.max(...cores)}, limit ${limit}`;
    if (beyond.length > 0)
      return fail(
        found,
        `katran aborts (SIGABRT) on core ${formatCpuList([...beyond].sort((a, b) => a - b))}`,
        `keep to lower CPUs with -cpus 0-${limit - 1}, or build the BPF object for more and give -max_cpus`,
      );
    return ok(found);
  },
};
