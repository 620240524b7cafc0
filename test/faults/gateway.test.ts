import { gateway } from './kinds/gateway.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(gateway);
