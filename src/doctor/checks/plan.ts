import { Failure, messageOf } from '../../failure.ts';
import { formatCpuList } from '../../linux/cpu-list.ts';
import { fail, ok, skipped, warn, type Check } from '../types.ts';

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

/** Plan warnings that other checks here are about. */
const ELSEWHERE = new Set(['interface-down', 'fewer-cpus']);

export const planAdvice: Check = {
  id: 'plan-advice',
  group: 'affinity',
  purpose: 'the plan has no drawback that is known',
  look: (host) => {
    const warnings = host.plan().warnings.filter(({ code }) => !ELSEWHERE.has(code));
    const [first] = warnings;
    if (first === undefined) return ok('one CPU for each queue, on the right NUMA node');
    const others = warnings.slice(1).map(({ code }) => code);
    return warn(
      first.message,
      others.length === 0
        ? `plan warning ${first.code}`
        : `plan warning ${first.code}, and: ${others.join(', ')}`,
      'look at the whole plan: start-katran -dry_run with the same flags',
    );
  },
};

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

export const coresGiven: Check = {
  id: 'cores-given',
  group: 'affinity',
  purpose: '-forwarding_cores names the CPUs that receive packets, and no others',
  look: (host) => {
    const given = host.options.forwarding_cores;
    if (given === undefined)
      return skipped('-forwarding_cores is not given: the cores are those of the queues');
    const online = host.topology().online.length;
    if (given.length < online || online === 1) return ok(`${given.length} of ${online} CPUs`);
    return warn(
      `all ${online} CPUs`,
      'the connection table is divided over all of them, and most never see a packet',
      'name only the CPUs with a receive queue (see /proc/interrupts), or drop -forwarding_cores',
    );
  },
};
