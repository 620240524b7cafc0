import { version } from '../package.json';
import { affinitize } from './commands/affinitize.ts';
import type { Invocation, Options } from './cli/options.ts';
import { parseInvocation } from './cli/options.ts';
import { USAGE_HINT } from './cli/help.ts';
import { type Ending, EXIT, Failure, UsageError, messageOf, statusOfSignal } from './failure.ts';
import { localClock } from './log/local-time.ts';
import { openLog } from './log/open.ts';
import { openRoot } from './linux/root.ts';
import { openTools } from './tools/toolbox.ts';
import { SignalDesk } from './launch/signals.ts';
import type { Task } from './planning/task.ts';
import type { World } from './world.ts';

/** A whole run: what was typed, to the exit status. */
export async function main(world: World): Promise<number> {
  let invocation: Invocation;
  try {
    invocation = parseInvocation(world.argv, world.environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    world.stderr.write(`${error.message}\n${USAGE_HINT}\n`);
    return error.exitStatus;
  }
  switch (invocation.kind) {
    case 'help':
      world.stdout.write(invocation.text);
      return EXIT.done;
    case 'version':
      world.stdout.write(`start-katran ${version}\n`);
      return EXIT.done;
    case 'completion':
      world.stdout.write((await import('./cli/completion.ts')).completionScript(invocation.shell));
      return EXIT.done;
    default:
      return perform(world, invocation);
  }
}

type Performance = Exclude<Invocation, { kind: 'help' | 'version' | 'completion' }>;

async function perform(world: World, invocation: Performance): Promise<number> {
  const { options, remarks } = invocation;
  const log = await openLog({
    format: options.log_format,
    level: options.log_level,
    write: (line) => world.stderr.write(line),
    clock: localClock(world.environment.TZ),
    journal: world.journal,
  });
  for (const remark of remarks) log.warn(remark);
  try {
    const task = {
      options,
      root: openRoot(options.sysroot),
      tools: openTools(world.environment.PATH ?? '', world.pid),
      log,
      world,
    };
    switch (invocation.kind) {
      case 'launch':
        return await run(task);
      case 'restore':
        return statusOf((await import('./commands/restore.ts')).restoreCommand(task));
      case 'doctor':
        return statusOf(await (await import('./commands/doctor.ts')).doctorCommand(task));
      case 'status':
        return statusOf(await (await import('./commands/status.ts')).statusCommand(task));
      case 'services':
        return statusOf(await (await import('./commands/services.ts')).servicesCommand(task, invocation));
      case 'handover':
        return statusOf(await (await import('./commands/handover.ts')).handoverCommand(task));
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.error(messageOf(error));
    if (error instanceof UsageError) world.stderr.write(`${USAGE_HINT}\n`);
    return error.exitStatus;
  }
}

function statusOf(ending: Ending): number {
  if (typeof ending === 'string') return EXIT[ending];
  return 'signal' in ending ? statusOfSignal(ending.signal) : ending.status;
}

/** Which command the flags ask for, where none is named. */
function asked(options: Options): 'preview' | 'affinitize' | 'launch' {
  if (options.dry_run) return 'preview';
  // With -json there is a plan to show, after the masks are written.
  if (options.affinitize_only) return options.json ? 'preview' : 'affinitize';
  return options.run ? 'launch' : 'preview';
}

async function byFlags(task: Task, desk: SignalDesk): Promise<Ending> {
  switch (asked(task.options)) {
    case 'launch':
      return (await import('./commands/launch.ts')).launch(task, desk);
    case 'affinitize':
      await affinitize(task, desk);
      return 'done';
    case 'preview':
      await (await import('./commands/plan.ts')).showPlan(task, desk);
      return 'done';
  }
}

/** A run without a command: signals are answered from its first moment to its last. */
async function run(task: Task): Promise<number> {
  const desk = new SignalDesk(task.world, task.log);
  try {
    const ending = await byFlags(task, desk);
    return desk.defect ? EXIT.failed : statusOf(ending);
  } catch (error) {
    if (desk.defect) return EXIT.failed;
    const signal = desk.signalBehind(error);
    if (signal === undefined) throw error;
    return statusOfSignal(signal);
  } finally {
    desk.close();
  }
}
