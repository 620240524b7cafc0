import { forwarding, forwardingOf } from './kinds/forwarding.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(forwarding);
// Its rows are the same.
if (process.env.START_KATRAN_REAL !== undefined) testFaults(forwardingOf('real'));
