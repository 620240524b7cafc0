import type { Check } from '../types.ts';
import { affinityChecks } from './affinity.ts';
import { bpfChecks } from './bpf.ts';
import { gatewayChecks } from './gateway.ts';
import { healthcheckChecks } from './healthcheck.ts';
import { hostChecks } from './host.ts';
import { katranChecks } from './katran.ts';
import { nicChecks } from './nic.ts';
import { offloadChecks } from './offloads.ts';

/** Every check there is, in the order they are shown: a cause before what follows from it. */
export const CHECKS: readonly Check[] = [
  ...hostChecks,
  ...nicChecks,
  ...offloadChecks,
  ...affinityChecks,
  ...gatewayChecks,
  ...bpfChecks,
  ...katranChecks,
  ...healthcheckChecks,
];
