import { affinity } from './kinds/affinity.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(affinity);
