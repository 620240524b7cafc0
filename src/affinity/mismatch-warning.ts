import { differingVectors } from './differing.ts';
import { receiving } from './receiving.ts';
import type { AffinityPlan } from './types.ts';
import type { Warning } from '../failure.ts';
import { firstFew } from '../terminal/first-few.ts';

/** IRQs named one by one before the rest is only counted. */
const NAMED = 8;

/**
 * For a launch without -affinitize: the receive vectors that are not where katran will be told they are. Their packets
 * reach CPUs that are no forwarding cores and share one small fallback table.
 */
export function mismatchWarning(plan: AffinityPlan): Warning[] {
  const elsewhere = receiving(differingVectors(plan));
  if (elsewhere.length === 0) return [];
  const named = elsewhere.map(
    (v) => `irq ${v.irq} (${v.name}) has mask ${v.current ?? 'unknown'}, planned cpu ${v.cpu ?? '?'}`,
  );
  return [
    {
      code: 'affinity-differs',
      message:
        `${elsewhere.length} receive ${elsewhere.length === 1 ? 'IRQ is' : 'IRQs are'} not where the plan has them: ` +
        `${firstFew(named, NAMED, '; ')}. Packets that arrive on a CPU outside the forwarding cores use a small shared ` +
        'connection table and lose their connections under load; write the plan with -affinitize, or plan with what is there: -strategy keep',
    },
  ];
}
