import { Failure, messageOf } from '../failure.ts';
import type { KatranClient } from '../katran/calls.ts';
import type { Log } from '../log/log.ts';
import { hasMac, pushMac } from '../katran/mac-push.ts';

/** Milliseconds between two attempts to reach katran. */
const POLL_MS = 5;
/** A katran that accepts a connection but does not answer in this time is asked again on a new one. */
const ANSWER_DEADLINE_MS = 500;
const COMPLAIN_EVERY_MS = 1000;
/** A katran that starts faster than that is not complained about. */
const FIRST_COMPLAINT_MS = 2000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
/** After this long, a katran that refuses changeMac but has the right MAC from its -default_mac is taken as it is. */
const REFUSAL_PATIENCE_MS = 2000;

export interface ReadinessOptions {
  readonly client: KatranClient;
  readonly mac: string;
  readonly log: Log;
  /** Ends the waiting: katran's exit, a signal or the timeout. */
  readonly until: AbortSignal;
  /** Called for each attempt to give it the MAC that failed. */
  readonly onRefused?: () => void;
}

export interface AnswerOptions extends Omit<ReadinessOptions, 'mac' | 'onRefused'> {
  /** Whether katran's port can be called; nothing is dialled before. */
  readonly isListening: () => boolean;
}

/** Ends when katran answers a call. Throws the signal's reason when that comes first, and what `isListening` throws. */
export async function waitForAnswer({ client, log, until, isListening }: AnswerOptions): Promise<void> {
  let complainAt = performance.now() + FIRST_COMPLAINT_MS;
  for (;;) {
    until.throwIfAborted();
    let trouble = 'nothing of katran listens yet';
    if (isListening()) {
      try {
        await unlessOver(client.getMac(ANSWER_DEADLINE_MS), until);
        return;
      } catch (error) {
        until.throwIfAborted();
        trouble = messageOf(error);
      }
    }
    if (performance.now() >= complainAt) {
      complainAt = performance.now() + COMPLAIN_EVERY_MS;
      log.info('cannot reach katran server. retrying');
      log.debug(trouble);
    }
    await sleep(POLL_MS, until);
  }
}

/**
 * Gives katran the MAC until it reads back. A refusal is retried with growing pauses; a katran that goes on refusing but
 * has exactly this MAC already (from -default_mac) is accepted with a warning. Throws the signal's reason.
 */
export async function pushUntilItReadsBack({
  client,
  mac,
  log,
  until,
  onRefused,
}: ReadinessOptions): Promise<void> {
  const begun = performance.now();
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
    until.throwIfAborted();
    try {
      await unlessOver(pushMac(client, mac), until);
      return;
    } catch (error) {
      until.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      onRefused?.();
      log.warn(`${error.message}; retrying`);
    }
    if (performance.now() - begun > REFUSAL_PATIENCE_MS && (await unlessOver(hasMac(client, mac), until))) {
      log.warn(`katran refuses changeMac but has MAC ${mac} already, from -default_mac; going on with that`);
      return;
    }
    await sleep(wait, until);
  }
}

/**
 * What the call gives, or the signal's reason at once when that comes first: a call to a katran that is gone can hang until
 * its deadline in whatever has taken katran's port.
 */
export async function unlessOver<T>(call: Promise<T>, until: AbortSignal): Promise<T> {
  let end: (over: undefined) => void = () => undefined;
  const over = new Promise<undefined>((resolve) => {
    end = resolve;
  });
  const abort = (): void => end(undefined);
  if (until.aborted) abort();
  until.addEventListener('abort', abort, { once: true });
  try {
    const first = await Promise.race([call.then((value) => ({ value })), over]);
    until.throwIfAborted();
    // Without an abort only the call can have been first.
    return first === undefined ? await call : first.value;
  } finally {
    until.removeEventListener('abort', abort);
  }
}

async function sleep(ms: number, until: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await unlessOver(elapsed, until);
  } finally {
    clearTimeout(timer);
  }
}
