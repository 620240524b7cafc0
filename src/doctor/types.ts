import type { Host } from './host.ts';

export const GROUPS = [
  'host',
  'NIC',
  'offloads',
  'affinity',
  'gateway',
  'BPF',
  'katran',
  'healthcheck',
] as const;
export type Group = (typeof GROUPS)[number];

/** `skipped`: could not be looked at, or does not apply; `found` then says why. */
export const STATUSES = ['ok', 'warn', 'fail', 'skipped'] as const;
export type Status = (typeof STATUSES)[number];

/** What one check found. The texts are for people: no full stop at the end, no line feeds. */
export interface Finding {
  readonly status: Status;
  readonly found: string;
  /** What follows from it for katran; left out where the check's purpose says it. */
  readonly meaning?: string | undefined;
  /** The command, flag or file that changes it. */
  readonly fix?: string | undefined;
}

/**
 * One question about the host, the NIC or the files katran needs. It reads and never changes anything. A Failure thrown in here
 * (a file that cannot be read, no interface, no such tool) makes the check `skipped`.
 */
export type Examine = (host: Host) => Finding | Promise<Finding>;

export interface Check {
  /** Stable, for scripts and for the documents. */
  readonly id: string;
  readonly group: Group;
  /** Why it is asked: what it means for katran when all is well. */
  readonly purpose: string;
  readonly examine: Examine;
}

/** The checks of a group by their ids, in the order they are shown. */
export function groupOf(
  group: Group,
  rows: Readonly<Record<string, readonly [purpose: string, examine: Examine]>>,
): Check[] {
  return Object.entries(rows).map(([id, [purpose, examine]]) => ({ id, group, purpose, examine }));
}

/** A check with its answer, as `-json` prints it. */
export interface CheckResult {
  readonly id: string;
  readonly group: Group;
  readonly status: Status;
  readonly found: string;
  readonly meaning: string;
  /** Null where nothing has to be done. */
  readonly fix: string | null;
}

export const ok = (found: string, meaning?: string): Finding => ({ status: 'ok', found, meaning });
export const warn = (found: string, meaning: string, fix: string): Finding => ({
  status: 'warn',
  found,
  meaning,
  fix,
});
export const fail = (found: string, meaning: string, fix: string): Finding => ({
  status: 'fail',
  found,
  meaning,
  fix,
});
export const skipped = (why: string): Finding => ({ status: 'skipped', found: why });
