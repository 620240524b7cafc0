import { afterEach, beforeAll, beforeEach } from 'vitest';
import { buildKatranDouble } from '../../support/katran-double/index.ts';
import { DoubleBalancer } from './double-balancer.ts';

/** Each test that follows has a load balancer of its own, and leaves none. */
export function eachWithDoubleBalancer(use: (balancer: DoubleBalancer) => void): void {
  let made: DoubleBalancer | undefined;
  beforeAll(() => void buildKatranDouble(), 120_000);
  beforeEach(() => {
    made = new DoubleBalancer();
    use(made);
  });
  afterEach(async () => {
    await made?.remove();
    made = undefined;
  });
}
