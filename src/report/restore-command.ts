import { restoreMasks } from '../affinity/restore.ts';
import { chooseInterface } from '../choose-interface.ts';
import { EXIT } from '../failure.ts';
import type { Task } from '../task.ts';

/** `start-katran restore`: puts back the masks found before the first -affinitize, and says what could not be. */
export function restoreCommand({ options, root, log, world }: Task): number {
  const intf = options.given.has('intf') ? options.intf : chooseInterface(options, root, log);
  const report = restoreMasks(root, intf, { log });
  if (options.json) world.stdout.write(`${JSON.stringify(report)}\n`);
  return report.failed.length === 0 ? EXIT.done : EXIT.failed;
}
