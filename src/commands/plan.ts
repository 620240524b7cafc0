import { Failure } from '../failure.ts';
import type { Gateway } from '../gateway/types.ts';
import type { SignalDesk } from '../launch/signals.ts';
import { planFor } from '../planning/plan.ts';
import { findGateway, prepare } from '../planning/prepare.ts';
import type { Task } from '../planning/task.ts';
import { jsonPlan } from '../report/json-plan.ts';
import { previewText } from '../report/preview.ts';
import { openProgress } from '../terminal/progress.ts';
import { screenFor } from '../terminal/screen.ts';
import { writeMasks } from './affinitize.ts';

/** Prints what would be started, as text or as JSON; with `-affinitize` the masks are written first. Starts nothing. */
export async function showPlan(task: Task, desk: SignalDesk): Promise<void> {
  const { options, root, log, world } = task;
  const plan = planFor(options, root, log);
  const written = options.affinitize && !options.dry_run;
  if (written) await writeMasks(task, desk, plan);
  const progress = openProgress(world.stderr, world.environment, options.log_format);
  const gateway = await progress.during(`looking for the gateway of ${plan.interface}`, () =>
    gatewayOrReason(task, plan.interface, desk.stop),
  );
  const prepared = prepare(options, plan, gateway);
  const text = options.json
    ? `${jsonPlan(prepared)}\n`
    : previewText(prepared, screenFor(world.stdout, world.environment), {
        onTerminal: world.stdout.isTerminal,
        written,
      });
  world.stdout.write(text);
  if (options.affinitizeIgnored !== undefined && !options.dry_run)
    log.info(notWritten(options.affinitizeIgnored));
}

/** The last line of a preview that an operator may take for a call that writes. */
const notWritten = (source: string): string =>
  `nothing was written: affinitize (from ${source}) counts only together with -run or -affinitize_only; type -affinitize to write the masks now`;

async function gatewayOrReason(
  task: Task,
  interfaceName: string,
  signal: AbortSignal,
): Promise<Gateway | Failure> {
  try {
    return await findGateway(task, interfaceName, signal);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
