import { servicesKind } from './kinds/services.ts';
import { testFaults } from './support/run-faults.ts';

testFaults(servicesKind);
