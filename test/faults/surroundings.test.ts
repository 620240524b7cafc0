import { surroundings } from './kinds/surroundings.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(surroundings);
