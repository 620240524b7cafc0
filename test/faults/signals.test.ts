import { signals } from './kinds/signals.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(signals);
