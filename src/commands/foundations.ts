import { Failure } from '../failure.ts';
import type { Task } from '../planning/task.ts';

/** What katran aborts without, once the masks are written. A missing clsact is not: katran adds it. */
const NEEDED = ['map-path', 'map-pos', 'balancer-bpf', 'memory', 'hc-bpf', 'ipip', 'ipip6', 'act-gact'];

/** What doctor would call a failure of what katran needs is refused before anything is written or started. Throws Failure. */
export async function requireFoundations(task: Task): Promise<void> {
  const [{ openHost }, { runChecks }, { CHECKS }] = await Promise.all([
    import('../doctor/host.ts'),
    import('../doctor/doctor.ts'),
    import('../doctor/checks/index.ts'),
  ]);
  const { options, root, tools, world } = task;
  const host = openHost({ options, root, tools, environment: world.environment });
  const needed = CHECKS.filter(({ id }) => NEEDED.includes(id));
  const failed = (await runChecks(host, needed)).find(({ status }) => status === 'fail');
  if (failed === undefined) return;
  const { id, found, meaning, fix } = failed;
  throw new Failure(
    `not starting katran: ${found} (${id} of doctor): ${meaning}`,
    fix === null ? {} : { remedy: fix },
  );
}
