import { constants } from 'node:os';

/** Exit statuses of the launcher itself; katran's own status and 128+N are passed on as they are. */
export const EXIT = { done: 0, failed: 1, usage: 2, foundWrong: 3 } as const;

/** How a command ended. main.ts makes the exit status of it; `status` is katran's own. */
export type Ending = keyof typeof EXIT | { readonly signal: NodeJS.Signals } | { readonly status: number };

export interface FailureOptions {
  readonly remedy?: string | undefined;
  readonly cause?: unknown;
  readonly exitStatus?: number;
}

/** Trouble that can be foreseen: reported as its message on one line, without a stack trace. */
export class Failure extends Error {
  /** What was tried, on which path or address, and why it failed. */
  readonly what: string;
  /** What to do next; undefined where `what` leaves no question. */
  readonly remedy: string | undefined;
  readonly exitStatus: number;

  constructor(what: string, options: FailureOptions = {}) {
    const { remedy, cause } = options;
    super(remedy === undefined ? what : `${what}; ${remedy}`, cause === undefined ? {} : { cause });
    this.what = what;
    this.remedy = remedy;
    this.name = new.target.name;
    this.exitStatus = options.exitStatus ?? EXIT.failed;
  }
}

/** A command line, environment or flag file that cannot be understood: exit status 2. */
export class UsageError extends Failure {
  constructor(message: string) {
    super(message, { exitStatus: EXIT.usage });
  }
}

/** The message of whatever was thrown, for a log line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Something an operator should know about a plan; `code` is stable, for scripts. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** The errno name of whatever was thrown (`ENOENT`), undefined where it has none. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** 128+N, as a shell reports a death by signal N. */
export function statusOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
