import { applyPlan } from '../affinity/masks/apply.ts';
import { EXIT, Failure, statusOfSignal } from '../failure.ts';
import { signalsHandled, SignalDesk } from '../launch/signals.ts';
import { planFor } from '../planning/plan.ts';
import type { Task } from '../planning/task.ts';

/** What a run does with its plan. */
type Deed = 'preview' | 'affinitize' | 'launch';

function deedOf({ options }: Task): Deed {
  if (options.dry_run) return 'preview';
  if (options.affinitize_only) return 'affinitize';
  return options.run ? 'launch' : 'preview';
}

/** The story of a run without a command: what the kernel says, a plan, and what is done with it. Gives the exit status. */
export async function run(task: Task): Promise<number> {
  const { log, world } = task;
  const desk = new SignalDesk(world, log);
  try {
    const deed = deedOf(task);
    const status =
      deed === 'launch'
        ? await (await import('./launch.ts')).launch(task, desk)
        : await showOrApply(task, desk, deed);
    return desk.defect ? EXIT.failed : status;
  } catch (error) {
    if (desk.defect) return EXIT.failed;
    // Whatever the interruption broke off, the signal is the reason.
    if (desk.stoppedBy !== undefined && !(error instanceof Failure)) return statusOfSignal(desk.stoppedBy);
    throw error;
  } finally {
    desk.close();
  }
}

async function showOrApply(task: Task, desk: SignalDesk, deed: 'preview' | 'affinitize'): Promise<number> {
  const { options, root, log } = task;
  const plan = planFor(options, root, log);
  const writes = options.affinitize && !options.dry_run;
  if (writes) applyPlan(root, plan, { log });
  if (writes && (await signalsHandled(desk)) !== undefined) log.info('all masks of the plan are written');
  if (deed === 'affinitize' && !options.json) {
    for (const { message } of plan.warnings) log.warn(message);
    return EXIT.done;
  }
  await (await import('./plan.ts')).showPlan(task, desk, plan);
  return EXIT.done;
}
