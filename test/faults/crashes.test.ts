import { crashes } from './kinds/crashes.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(crashes);
