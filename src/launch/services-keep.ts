import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../failure.ts';
import { formatServices } from '../katran/services/document.ts';
import { readServicesFile, withFlagsOf, writeServicesFile } from '../katran/services/file.ts';
import { readServices } from '../katran/services/read.ts';
import type { ServiceCalls } from '../katran/services/calls.ts';
import type { Services } from '../katran/services/types.ts';
import type { Log } from '../log/log.ts';

/** A katran that is to be stopped and does not answer is not waited for: it is told to stop. */
const FINISH_MS = 2_000;
/** A change of katran's services is in the file within 5 s. */
const EVERY_MS = 4_000;

export interface KeepOptions {
  /** Undefined: they are only remembered. */
  readonly file: string | undefined;
  readonly calls: ServiceCalls;
  readonly log: Log;
  /** Longer or shorter than usual, for tests. */
  readonly everyMs?: number;
}

/** Keeps a file as katran's services are. */
export interface ServicesKeeper {
  /** What was last read and believed. */
  last(): Services | undefined;
  /** Looks now; settled when that is done. Never rejects. */
  checkNow(): Promise<void>;
  /** Looks once more, and not again: to be called before katran is stopped, not when it has died. */
  finish(): Promise<void>;
  /** Looks no more. */
  stop(): Promise<void>;
}

const isEmpty = ({ vips, quic, healthchecks }: Services): boolean =>
  vips.length === 0 && quic.length === 0 && healthchecks.length === 0;

/**
 * Reads katran's services every few seconds and writes the file when something changed. That katran has none at all is believed when
 * two readings in a row say so: one that has just died or been replaced may answer for a moment with nothing.
 */
export function keepServices({ file, calls, log, everyMs = EVERY_MS }: KeepOptions): ServicesKeeper {
  const over = new AbortController();
  let written = '';
  let last: Services | undefined;
  let emptyBefore = false;
  let failed = false;
  let round: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      const services = await readServices(calls);
      if (over.signal.aborted) return;
      const empty = isEmpty(services);
      const believed = !empty || emptyBefore;
      emptyBefore = empty;
      if (believed) {
        last = services;
        if (file !== undefined) keep(file, services);
      }
      failed = false;
    } catch (error) {
      emptyBefore = false;
      if (!failed && !over.signal.aborted)
        log.warn(
          file === undefined
            ? `cannot read katran's services: ${messageOf(error)}`
            : `cannot keep katran's services in ${file}: ${messageOf(error)}; the file stays as it is`,
        );
      failed = true;
    }
  }

  function keep(file: string, services: Services): void {
    const text = formatServices(services);
    if (text === written) return;
    const earlier = readServicesFile(file);
    const merged = withFlagsOf(services, earlier);
    if (earlier === undefined || formatServices(earlier) !== formatServices(merged)) {
      writeServicesFile(file, merged);
      log.debug(`katran's services are kept in ${file}: ${merged.vips.length} VIPs`);
    }
    written = text;
  }

  const checkNow = (): Promise<void> => {
    round = round.then(() => (over.signal.aborted ? undefined : look()));
    return round;
  };
  const running = (async () => {
    while (!over.signal.aborted) {
      await checkNow();
      await pause(everyMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  const stop = async (): Promise<void> => {
    over.abort();
    await running;
  };
  return {
    last: () => last,
    checkNow,
    stop,
    finish: async () => {
      // What cannot be kept now is lost with katran: it is said, also when it was said before.
      failed = false;
      const looked = checkNow().then(() => (emptyBefore ? checkNow() : undefined));
      await Promise.race([looked, pause(FINISH_MS, undefined, { ref: false })]);
      // Where katran is silent, its client is closed next, and that ends the reading.
      void stop();
    },
  };
}
