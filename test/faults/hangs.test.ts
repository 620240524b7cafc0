import { hangs } from './kinds/hangs.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(hangs);
