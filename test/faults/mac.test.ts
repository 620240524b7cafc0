import { mac } from './kinds/mac.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(mac);
