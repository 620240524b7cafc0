import { expectedOf } from '../../support/machines.ts';

/** The masks by IRQ that -affinitize writes for eth0 of the staged machine, as test/machines has them. */
export function plannedMasks(): Record<string, string> {
  const plan = expectedOf('8-2-mixed').eth0?.plans?.['all-nodes'];
  if (plan === undefined || 'error' in plan || plan.vectors.length === 0)
    throw new Error('test/machines has no plan all-nodes for eth0 of 8-2-mixed');
  return Object.fromEntries(plan.vectors.map(([irq, , mask]) => [String(irq), mask]));
}
