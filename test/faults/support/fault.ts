import type { Ended, RunOptions } from '../../support/launcher.ts';
import type { Settings } from '../../support/katran-double/index.ts';
import type { Scene } from './scene.ts';

/** How far a launch comes: katran is never executed, is executed, is reported up; up, but nobody could read it. */
export type Reach = 'nothing started' | 'started' | 'up' | 'unseen';

/** What the outcome looks like from outside. */
export interface Outcome {
  /** The launcher's exit status; 128+N stands for its own death by signal N where `signalled` says so. */
  readonly status: number;
  readonly signalled?: boolean;
  readonly reaches: Reach;
  /** Whether the XDP program is still attached when all is over. */
  readonly xdp: 'none left' | 'stays attached';
  /** The IRQ masks when all is over; `as before` unless said. */
  readonly masks?: 'as before' | 'as planned';
}

/** One thing that can go wrong: how it is provoked, and all that must hold afterwards. */
export interface Fault extends Outcome {
  /** A row of the reliability table, first column. */
  readonly name: string;
  /** What start-katran does about it, for the table. */
  readonly response: string;
  /** Matched against everything on stderr, katran's lines included. */
  readonly says: readonly RegExp[];
  /** Must not be there. */
  readonly neverSays?: readonly RegExp[];
  /** ms of configured timeouts and delays that the run has to sit out. */
  readonly waitsMs?: number;
  /** The launcher carries on in spite of it; the status is that of the SIGTERM which ends the test. */
  readonly survived?: boolean;
  readonly double?: Settings;
  readonly flags?: readonly string[] | ((scene: Scene) => readonly string[]);
  readonly options?: (scene: Scene) => RunOptions;
  /** Why it cannot be provoked here; the test is then skipped with this reason. */
  readonly skippedBecause?: () => string | undefined;
  /** Before the launcher starts. */
  readonly before?: (scene: Scene) => void | Promise<void>;
  /** While it runs. Without it, it has to end on its own. */
  readonly during?: (scene: Scene) => Promise<void>;
  /** After it has ended, for what only this fault has to show. */
  readonly after?: (scene: Scene, ended: Ended) => void | Promise<void>;
}

/** Faults of one kind: a heading of the table, and a test file. */
export interface FaultKind {
  readonly title: string;
  readonly faults: readonly Fault[];
}
