import { afterEach, beforeEach } from 'vitest';
import { scratch } from '../../support/launcher.ts';
import { removeNamespaces } from '../../support/netns.ts';
import { Balancer } from './balancer.ts';

/** A folder of one test's own. */
export type Scratch = ReturnType<typeof scratch>;

/** Each test that follows has a balancer and a folder of its own, and leaves neither. */
export function eachWithBalancer(use: (balancer: Balancer, files: Scratch) => void): void {
  let made: { readonly balancer: Balancer; readonly files: Scratch } | undefined;
  beforeEach(async () => {
    made = { balancer: await Balancer.make(), files: scratch() };
    use(made.balancer, made.files);
  });
  afterEach(async () => {
    await made?.balancer.remove();
    // Those a test has made beside it.
    removeNamespaces();
    made?.files.remove();
    made = undefined;
  });
}
