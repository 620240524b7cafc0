import { clock } from './kinds/clock.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(clock);
