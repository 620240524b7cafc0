import { affinity } from '../kinds/affinity.ts';
import { clock } from '../kinds/clock.ts';
import { crashes } from '../kinds/crashes.ts';
import { forwarding } from '../kinds/forwarding.ts';
import { gateway } from '../kinds/gateway.ts';
import { hangs } from '../kinds/hangs.ts';
import { launcherDies } from '../kinds/launcher-dies.ts';
import { mac } from '../kinds/mac.ts';
import { ports } from '../kinds/ports.ts';
import { servicesKind } from '../kinds/services.ts';
import { signals } from '../kinds/signals.ts';
import { surroundings } from '../kinds/surroundings.ts';
import type { FaultKind } from './fault.ts';

/** Every fault of the suite, in the order of the reliability table. */
export const CATALOGUE: readonly FaultKind[] = [
  crashes,
  hangs,
  ports,
  mac,
  forwarding,
  servicesKind,
  gateway,
  affinity,
  signals,
  launcherDies,
  surroundings,
  clock,
];
