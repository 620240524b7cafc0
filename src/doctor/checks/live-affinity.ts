import { differingVectors } from '../../affinity/differing.ts';
import type { AffinityPlan } from '../../affinity/types.ts';
import { formatCpuList } from '../../linux/cpu-list.ts';
import { shellLine } from '../../terminal/shell-quote.ts';
import type { Host } from '../host.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

const NAMED = 3;

/** The plan that was looked at, written: with the flags that shaped it. */
function affinitizeCommand({ options }: Host, plan: AffinityPlan): string {
  return shellLine([
    ...['start-katran', '-affinitize_only', '-intf', plan.interface, '-strategy', plan.strategy],
    ...(plan.strategy === 'same-node' ? ['-numa_node', String(options.numa_node)] : []),
    ...(options.cpus === undefined ? [] : ['-cpus', formatCpuList(options.cpus)]),
  ]);
}

export const liveAffinity: Check = {
  id: 'live-affinity',
  group: 'affinity',
  purpose: 'interrupts arrive on the CPUs that katran is told',
  look: (host) => {
    const plan = host.plan();
    const receive = plan.vectors.filter(({ role }) => role === 'receive');
    if (receive.length === 0) return skipped('-forwarding_cores is given, so no IRQ is looked at');
    const elsewhere = differingVectors(plan).filter(({ role }) => role === 'receive');
    if (elsewhere.length === 0) return ok(`all ${receive.length} receive IRQs are where the plan has them`);
    const named = elsewhere.slice(0, NAMED).map(({ irq, cpu }) => `irq ${irq} not only on CPU ${cpu ?? '?'}`);
    const found = `${elsewhere.length} of ${receive.length} receive IRQs are elsewhere: ${named.join(', ')}${elsewhere.length > NAMED ? ', …' : ''}`;
    const runs = host.root.exists('/proc/net/tcp') && host.listeners().length > 0;
    if (host.options.affinitize && !runs) return ok(`${found}; -affinitize will write them`);
    return fail(
      found,
      'packets on a CPU that is no forwarding core share one small table: connections break under load',
      affinitizeCommand(host, plan),
    );
  },
};
