import { Failure, messageOf } from '../failure.ts';
import { printableLine } from '../terminal/printable.ts';
import { CHECKS } from './checks/index.ts';
import type { Host } from './host.ts';
import { skipped, STATUSES, type Check, type CheckResult, type Finding, type Status } from './types.ts';

/** A command that bans 128 interrupts is that long, as is one for 96 that is given twice, for a restart and at once. */
const MOST_CHARACTERS = 2200;

async function findingOf(check: Check, host: Host): Promise<Finding> {
  try {
    return await check.examine(host);
  } catch (error) {
    if (error instanceof Failure) return skipped(messageOf(error));
    // The other checks are wanted all the more when something is odd on this host.
    return skipped(`a defect of start-katran in this check, please report it: ${messageOf(error)}`);
  }
}

/** Runs all checks at once, since some wait for tools; gives their answers in the order they are shown. Changes nothing. */
export function runChecks(host: Host, checks: readonly Check[] = CHECKS): Promise<CheckResult[]> {
  return Promise.all(
    checks.map(async (check): Promise<CheckResult> => {
      const { status, found, meaning, fix } = await findingOf(check, host);
      const { id, group, purpose } = check;
      // Names, settings and what tools print come from outside, and so may any text of a finding.
      const shown = (text: string): string => printableLine(text, MOST_CHARACTERS);
      return {
        id,
        group,
        status,
        found: shown(found),
        meaning: shown(meaning ?? purpose),
        fix: fix === undefined ? null : shown(fix),
      };
    }),
  );
}

export type Summary = Readonly<Record<Status, number>>;

export function summarise(results: readonly CheckResult[]): Summary {
  const count = (status: Status): number => results.filter((result) => result.status === status).length;
  const [okay, warn, fail, omitted] = STATUSES.map(count);
  return { ok: okay ?? 0, warn: warn ?? 0, fail: fail ?? 0, skipped: omitted ?? 0 };
}
