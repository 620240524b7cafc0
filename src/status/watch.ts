import { setTimeout as pause } from 'node:timers/promises';
import type { Ending } from '../failure.ts';
import { screenFor, type Screen } from '../terminal/screen.ts';
import type { Keyboard, World } from '../world.ts';
import { keysOf } from '../terminal/keys.ts';
import { AlternateScreen } from '../terminal/alternate-screen.ts';
import { observe, readCounters, type Subject } from './observe.ts';
import { compare } from './report.ts';
import { statusParts, totalWords } from './text.ts';
import { View } from './view.ts';
import type { Counters, StatusReport } from './types.ts';

const EVERY_MS = 1000;
/** The first picture does not let wait a whole second. */
const FIRST_MS = 300;

/** The report in lines, what matters most first: the map before the queues where it fits the terminal with what is above it. */
function bodyOf(report: StatusReport, now: number, screen: Screen, rows: number, view: View): string[] {
  const { facts, map, vips, queues, verdict } = statusParts(report, now, screen, screen.columns);
  const head = [...facts, ...verdict];
  const tables = [...vips(Number.POSITIVE_INFINITY), ...queues(view.order)];
  return head.length + map.length <= rows - 2 ? [...head, ...map, ...tables] : [...head, ...tables, ...map];
}

function frame(report: StatusReport, world: World, view: View, hasKeys: boolean): string[] {
  const screen = screenFor(world.stdout, world.environment);
  const now = Date.now();
  const rows = world.stdout.rows ?? 24;
  const clock = new Date(now).toTimeString().slice(0, 8);
  const keys = hasKeys ? 'keys r n c q' : 'Ctrl-C ends it';
  const title = screen.title(`start-katran status ${clock}: ${totalWords(report)}; ${keys}`);
  const body = bodyOf(report, now, screen, rows, view);
  return [title, ...(hasKeys ? view.shown(body, rows - 1) : body)];
}

/**
 * Draws the report again every second until q or a signal ends it. q and SIGINT are how it is meant to end: it ends as the last report
 * says; other signals end it. Keys scroll, and order the queues. Leaves the terminal as it was, whatever happens.
 */
export async function watchStatus(subject: Subject): Promise<Ending> {
  const { world } = subject.task;
  const view = new View();
  const alternate = new AlternateScreen(world.stdout);
  const over = new AbortController();
  let endedBy: NodeJS.Signals | undefined;
  let last: StatusReport | undefined;
  let keyboard: Keyboard | undefined;
  const ended = (): boolean => over.signal.aborted;
  const redraw = (): void => {
    if (last !== undefined && !ended()) alternate.draw(frame(last, world, view, keyboard !== undefined));
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
  const end = (signal: NodeJS.Signals): void => {
    endedBy ??= signal;
    over.abort();
  };
  const pressed = (key: string): void => {
    if (key === 'q' || key === 'interrupt') end('SIGINT');
    else if (key === 'quit') end('SIGQUIT');
    // To all of the job, as the terminal itself would.
    else if (key === 'suspend') world.signalProcess(0, 'SIGTSTP');
    else if (view.press(key)) redraw();
  };
  const takeOff = [
    world.onUncaught(fail),
    world.onSignals(['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'], end),
    world.onSignals(['SIGWINCH'], safely(redraw)),
    world.onSignals(
      ['SIGCONT'],
      safely(() => {
        if (!ended()) keyboard?.hold();
        redraw();
      }),
    ),
    world.onSignals(
      ['SIGTSTP'],
      safely(() => {
        alternate.leave();
        keyboard?.release();
        world.suspend();
      }),
    ),
  ];
  try {
    keyboard = world.keyboard((text) => safely(() => keysOf(text).forEach(pressed))());
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
    keyboard?.release();
    for (const off of takeOff) off();
  }
  if (trouble !== undefined) throw trouble.error;
  if (endedBy !== undefined && endedBy !== 'SIGINT') return { signal: endedBy };
  return last === undefined || last.problems.length === 0 ? 'done' : 'foundWrong';
}
