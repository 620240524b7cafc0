import { printableLine } from '../terminal/printable.ts';
import { findNotes, findProblems } from './findings.ts';
import { queueRates, ratesByCpu } from './queue-rates.ts';
import { perSecond, trafficRates } from './traffic.ts';
import type { Counters, Finding, Observation, StatusReport } from './types.ts';

function fallbackRate(before: Counters, after: Counters): number | null {
  if (before.fallback === null || after.fallback === null) return null;
  return perSecond(before.fallback, after.fallback, after.time - before.time);
}

/** Process names, addresses and interfaces in a message come from outside. */
const shown = ({ code, message }: Finding): Finding => ({
  code,
  message: printableLine(message, MOST_CHARACTERS),
});

const MOST_CHARACTERS = 1000;

/** What the second of two readings says, and what happened between them. Throws KernelFileError. */
export function compare(before: Counters, after: Observation): StatusReport {
  const vectors = 'value' in after.vectors ? after.vectors.value : [];
  const fallbackPerSecond = fallbackRate(before, after);
  return {
    observed: after,
    queues: queueRates(before, after, vectors),
    rates: ratesByCpu(before, after, vectors),
    fallbackPerSecond,
    traffic: trafficRates(before, after),
    problems: findProblems(after, fallbackPerSecond).map(shown),
    notes: findNotes(after).map(shown),
  };
}
