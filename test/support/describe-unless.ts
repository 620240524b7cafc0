import { describe } from 'vitest';

/** A suite that not every machine can run: where there is a reason against it, it is skipped, and its title says the reason. */
export function describeUnless(reason: string | undefined, title: string, facts: () => void): void {
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title}: ${reason}`, facts);
}
