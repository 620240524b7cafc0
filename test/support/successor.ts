import { expect } from 'vitest';
import type { LoadBalancer } from './load-balancer.ts';
import { PATIENCE_MS } from './patience.ts';

/** Fulfilled with the pid of the one katran that runs, is none of these, and has the active slot alone. */
export async function successorOf(balancer: LoadBalancer, predecessors: readonly number[]): Promise<number> {
  let successor = 0;
  await expect
    .poll(
      () => {
        const [katran, ...others] = balancer.katrans();
        if (katran === undefined || others.length > 0 || predecessors.includes(katran.pid)) return 'none yet';
        successor = katran.pid;
        const program = balancer.programIfAny(successor);
        return program !== undefined && JSON.stringify(balancer.slots()) === `{"1":${program}}`;
      },
      { timeout: PATIENCE_MS, interval: 30 },
    )
    .toBe(true);
  return successor;
}
