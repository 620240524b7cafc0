import { launcherDies } from './kinds/launcher-dies.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(launcherDies);
