import { version } from '../package.json';
import type { Invocation } from './cli/options.ts';
import { parseInvocation } from './cli/options.ts';
import { USAGE_HINT } from './cli/help.ts';
import { EXIT, Failure, UsageError, messageOf } from './failure.ts';
import { localClock } from './log/local-time.ts';
import { openLog } from './log/open.ts';
import { openRoot } from './linux/root.ts';
import { openTools } from './tools/toolbox.ts';
import { run } from './commands/run.ts';
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
  });
  for (const remark of remarks) log.warn(remark);
  try {
    const task = {
      options,
      root: openRoot(options.sysroot),
      tools: openTools(world.environment.PATH ?? ''),
      log,
      world,
    };
    switch (invocation.kind) {
      case 'launch':
        return await run(task);
      case 'restore':
        return (await import('./commands/restore.ts')).restoreCommand(task);
      case 'doctor':
        return await (await import('./commands/doctor.ts')).doctorCommand(task);
      case 'status':
        return await (await import('./commands/status.ts')).statusCommand(task);
      case 'services':
        return await (await import('./commands/services.ts')).servicesCommand(task, invocation);
      case 'handover':
        throw new Failure(`start-katran ${invocation.kind} is not made yet`);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.error(messageOf(error));
    if (error instanceof UsageError) world.stderr.write(`${USAGE_HINT}\n`);
    return error.exitStatus;
  }
}
