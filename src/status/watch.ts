import { setTimeout as pause } from 'node:timers/promises';
import type { Ending } from '../failure.ts';
import { screenFor, type Screen } from '../terminal/screen.ts';
import { AlternateScreen } from '../terminal/alternate-screen.ts';
import { observe, readCounters, type Subject } from './observe.ts';
import { compare } from './report.ts';
import { statusParts } from './text.ts';
import type { Counters, StatusReport } from './types.ts';

const EVERY_MS = 1000;
/** The first picture does not let wait a whole second. */
const FIRST_MS = 300;

function frame(report: StatusReport, now: number, screen: Screen): string[] {
  const { facts, map, vips, queues, verdict } = statusParts(report, now, screen, screen.columns);
  const clock = new Date(now).toTimeString().slice(0, 8);
  const title = screen.title(`start-katran status, ${clock}, every second; Ctrl-C ends it`);
  return [title, ...facts, ...verdict, ...map, ...vips(Number.POSITIVE_INFINITY), ...queues];
}

/**
 * Draws the report again every second until a signal ends it. SIGINT is how it is meant to end: it ends as the last report
 * says; other signals end it. Leaves the terminal as it was, whatever happens.
 */
export async function watchStatus(subject: Subject): Promise<Ending> {
  const { world } = subject.task;
  const screen = (): Screen => screenFor(world.stdout, world.environment);
  const alternate = new AlternateScreen(world.stdout);
  const over = new AbortController();
  let endedBy: NodeJS.Signals | undefined;
  let last: StatusReport | undefined;
  const ended = (): boolean => over.signal.aborted;
  const redraw = (): void => {
    if (last !== undefined && !ended()) alternate.draw(frame(last, Date.now(), screen()));
  };
  // Trouble in a listener, or where nobody catches it, is thrown when the terminal is as it was.
  let trouble: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    trouble ??= { error };
    over.abort();
  };
  const safely = (action: () => void) => (): void => {
    try {
      action();
    } catch (error) {
      fail(error);
    }
  };
  const takeOff = [
    world.onUncaught(fail),
    world.onSignals(['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'], (signal) => {
      endedBy ??= signal;
      over.abort();
    }),
    world.onSignals(['SIGWINCH', 'SIGCONT'], safely(redraw)),
    world.onSignals(
      ['SIGTSTP'],
      safely(() => {
        alternate.leave();
        world.suspend();
      }),
    ),
  ];
  try {
    let before: Counters = await readCounters(subject);
    for (let wait = FIRST_MS; !ended(); wait = EVERY_MS) {
      const due = before.time + wait - performance.now();
      await pause(Math.max(due, 0), undefined, { signal: over.signal }).catch(() => undefined);
      if (ended()) break;
      const now = await observe(subject);
      last = compare(before, now);
      before = now;
      redraw();
    }
  } finally {
    alternate.leave();
    for (const off of takeOff) off();
  }
  if (trouble !== undefined) throw trouble.error;
  if (endedBy !== undefined && endedBy !== 'SIGINT') return { signal: endedBy };
  return last === undefined || last.problems.length === 0 ? 'done' : 'foundWrong';
}
