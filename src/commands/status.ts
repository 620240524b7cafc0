import { setTimeout as pause } from 'node:timers/promises';
import { type Ending, UsageError } from '../failure.ts';
import { katranEndpoint } from '../katran/endpoint.ts';
import { openKatranClientLazily } from '../katran/lazy-client.ts';
import { launcherOn } from '../launch/lock.ts';
import { screenFor } from '../terminal/screen.ts';
import type { Task } from '../planning/task.ts';
import { observe, readCounters, type Subject } from '../status/observe.ts';
import { compare } from '../status/report.ts';
import { statusJson } from '../status/json.ts';
import { statusParts } from '../status/text.ts';
import type { StatusReport } from '../status/types.ts';
import { watchStatus } from '../status/watch.ts';

/** Between the two readings that make rates. */
const READINGS_APART_MS = 500;

/** More of them push what is said of the NIC off the screen. */
const MOST_VIPS = 10;

function checkWatch({ options, world }: Task): void {
  if (!options.watch) return;
  if (options.json)
    throw new UsageError(
      '-watch draws on a terminal and -json does not: give one of them; for a script, repeat status -json',
    );
  if (!world.stdout.isTerminal || world.environment['TERM'] === 'dumb')
    throw new UsageError(
      '-watch draws on a terminal, and stdout is none that can do so; leave -watch out to print once',
    );
}

async function measure(subject: Subject): Promise<StatusReport> {
  const before = await readCounters(subject);
  await pause(READINGS_APART_MS);
  return compare(before, await observe(subject));
}

function printed(report: StatusReport, { world }: Task): string {
  const screen = screenFor(world.stdout, world.environment);
  const { facts, map, vips, queues, verdict } = statusParts(report, Date.now(), screen, null);
  return [...facts, ...map, ...vips(MOST_VIPS), ...queues('queue'), '', ...verdict, ''].join('\n');
}

/**
 * `start-katran status`: what runs now, and whether it is right. Changes nothing. Says whether something is wrong.
 * Throws UsageError, and KernelFileError when this machine's files cannot be read.
 */
export async function statusCommand(task: Task): Promise<Ending> {
  checkWatch(task);
  const { options, world } = task;
  const endpoint = katranEndpoint(options);
  const client = await openKatranClientLazily(endpoint.address);
  const subject = { task, endpoint, client, launcherOn: (name: string) => launcherOn(task.root, name) };
  try {
    if (options.watch) return await watchStatus(subject);
    const report = await measure(subject);
    world.stdout.write(options.json ? `${statusJson(report)}\n` : printed(report, task));
    return report.problems.length === 0 ? 'done' : 'foundWrong';
  } finally {
    client.close();
  }
}
