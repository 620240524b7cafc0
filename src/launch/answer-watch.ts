import { messageOf } from '../failure.ts';
import { Nap } from '../gateway/nap.ts';
import type { Log } from '../log/log.ts';

/** A healthy katran answers in a millisecond. */
const ANSWER_MS = 1_000;
const COMPLAIN_AFTER_MS = 5_000;
const REMIND_MS = 60_000;
/** A round is that of `-gateway_interval`, within these limits. */
const SHORTEST_MS = 200;
const LONGEST_MS = 2_000;
/** A MAC that another client has changed has to be put right within two rounds. */
const ROUNDS = 1.9;
/**
 * One that nobody else has called is asked all the same after so long without an answer to anything, since it may hang: each call is some
 * milliseconds of CPU. The fallback watch asks it every 10 s.
 */
const QUIET_MS = 11_000;
/** Of the time after which it is given up. */
const QUIET_SHARE = 0.25;
/** However quiet it is: what is believed of the connections is tried that often. */
const LONGEST_UNASKED_MS = 60_000;

export interface AnswerOptions {
  readonly pid: number;
  readonly intervalMs: number;
  /** Asks katran something; rejects when it does not answer in time. */
  readonly ask: (deadlineMs: number) => Promise<unknown>;
  /** Whether anybody else may have called it since the last time of asking this. */
  readonly mayHaveCalled: () => boolean;
  readonly log: Log;
  /** ms without an answer after which `onUnresponsive` is called, and again every minute; 0: never. */
  readonly timeoutMs: number;
  readonly onUnresponsive: (why: string) => void;
}

export interface AnswerWatch {
  /** Asks now; settled when that is done. */
  checkNow(): Promise<void>;
  /** Katran has answered another call. */
  heard(): void;
  /** Nothing is asked or said after this; does not wait for an answer. */
  stop(): void;
}

/**
 * Asks katran, every other round in which somebody else may have called it, now and then in the others. One that does not answer
 * forwards on by itself, so that is an error in the log after 5 s and once a minute, and no more unless `-unresponsive_timeout` says so.
 */
export function watchAnswers(options: AnswerOptions): AnswerWatch {
  const { pid, intervalMs, ask, mayHaveCalled, log, timeoutMs, onUnresponsive } = options;
  const quietMs = timeoutMs === 0 ? QUIET_MS : Math.min(QUIET_MS, QUIET_SHARE * timeoutMs);
  const rest = new Nap();
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const limited = (ms: number): number => Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms));
  /** One that is silent is asked every round. */
  const everyMs = (): number => limited(silentSince === undefined ? ROUNDS * intervalMs : intervalMs);
  let silentSince: number | undefined;
  let heardAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let complainAt = 0;
  let giveUpAt = Infinity;
  let round: Promise<void> = Promise.resolve();

  function answered(): void {
    heardAt = performance.now();
    if (silentSince !== undefined && complainAt > silentSince + COMPLAIN_AFTER_MS)
      log.info(
        `katran (pid ${pid}) answers again, after ${Math.round((performance.now() - silentSince) / 1000)} s`,
      );
    silentSince = undefined;
  }

  function silent(since: number, error: unknown): void {
    if (silentSince === undefined) {
      silentSince = since;
      complainAt = since + COMPLAIN_AFTER_MS;
      giveUpAt = timeoutMs === 0 ? Infinity : since + timeoutMs;
    }
    const now = performance.now();
    const seconds = Math.round((now - silentSince) / 1000);
    if (now >= complainAt) {
      complainAt = now + REMIND_MS;
      log.error(
        `katran (pid ${pid}) has not answered for ${seconds} s (${messageOf(error)}); it forwards with the MAC and services it has, ` +
          'and nothing can be changed; see what it does, or restart it',
      );
    }
    if (now < giveUpAt) return;
    giveUpAt = now + REMIND_MS;
    const why = `katran (pid ${pid}) has not answered for ${seconds} s`;
    log.error(`${why}: giving it up`);
    onUnresponsive(why);
  }

  async function look(): Promise<void> {
    const since = performance.now();
    askedAt = since;
    try {
      await ask(ANSWER_MS);
      if (!isOver()) answered();
    } catch (error) {
      if (!isOver()) silent(since, error);
    }
  }

  const checkNow = (): Promise<void> => {
    round = round.then(() => (isOver() ? undefined : look()));
    return round;
  };
  const isDue = (): boolean => {
    const now = performance.now();
    // Asked first and always: it tells what has been since the last time.
    return (
      mayHaveCalled() ||
      silentSince !== undefined ||
      now - heardAt >= quietMs ||
      now - askedAt >= LONGEST_UNASKED_MS
    );
  };
  void (async () => {
    while (!isOver()) {
      if (isDue()) await checkNow();
      if (!isOver()) await rest.take(everyMs());
    }
  })();
  return {
    checkNow,
    heard: () => (heardAt = performance.now()),
    stop: () => {
      over.abort();
      rest.wake();
    },
  };
}
