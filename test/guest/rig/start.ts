import type { Observation } from '../inside/observation.ts';
import { observeInGuest } from './boot.ts';
import type { Machine } from './machine.ts';
import { programs } from './programs.ts';
import { checkRequirements } from './requirements.ts';

export interface Guest {
  /** What was seen in it, once it has switched itself off; rejects when something is missing, or it did not get there. */
  readonly observations: Promise<ReadonlyMap<string, Observation>>;
}

/** Boots `machine` now, for tests that wait for it later. */
export function startGuest(machine: Machine): Guest {
  const observations = start(machine);
  // The one who waits is told; until somebody does, a rejection is no accident.
  observations.catch(() => undefined);
  return { observations };
}

async function start(machine: Machine): Promise<ReadonlyMap<string, Observation>> {
  checkRequirements();
  return observeInGuest(machine, programs());
}
