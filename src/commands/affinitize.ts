import { irqbalanceWarning } from '../affinity/irqbalance.ts';
import { applyPlan } from '../affinity/masks/apply.ts';
import type { AffinityPlan } from '../affinity/types.ts';
import { Failure } from '../failure.ts';
import { signalsHandled, type SignalDesk } from '../launch/signals.ts';
import { planFor } from '../planning/plan.ts';
import { awaitLink } from './await-link.ts';
import type { Task } from '../planning/task.ts';

/** `-affinitize_only`: writes the masks of the plan, and starts nothing. Throws Failure when it cannot, with nothing changed. */
export async function affinitize(task: Task, desk: SignalDesk): Promise<void> {
  const { options, root, log } = task;
  await awaitLink(task, desk);
  const plan = planFor(options, root, log);
  if (options.link_timeout > 0) refuseWhatIsDown(plan, options.link_timeout);
  await writeMasks(task, desk, plan);
  const warnings = [...plan.warnings, ...(await irqbalanceWarning(root, plan))];
  for (const { message, code } of warnings) log.warn(message, code);
}

/** Some drivers forget what is written while the interface is down. Whoever waits for it is to hear that it did not come: a unit tries again. */
function refuseWhatIsDown({ interface: name, warnings }: AffinityPlan, waitedMs: number): void {
  if (!warnings.some(({ code }) => code === 'interface-down')) return;
  throw new Failure(`${name} is still down after the ${waitedMs} ms of -link_timeout: nothing is written`, {
    remedy: `'ip link set ${name} up', or leave -link_timeout out to write nevertheless`,
  });
}

/** A signal that came meanwhile broke nothing off, and is told so. */
export async function writeMasks({ root, log }: Task, desk: SignalDesk, plan: AffinityPlan): Promise<void> {
  applyPlan(root, plan, { log });
  if ((await signalsHandled(desk)) !== undefined) log.info('all masks of the plan are written');
}
