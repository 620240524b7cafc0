import { ports } from './kinds/ports.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(ports);
