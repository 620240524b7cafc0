import { Failure, type Ending } from '../failure.ts';
import { requestHandover } from '../launch/control.ts';
import { chooseInterface } from '../planning/interface.ts';
import type { Task } from '../planning/task.ts';

/** `start-katran handover`: asks the launcher of the interface to replace its katran, and tells how that went. Throws Failure. */
export async function handoverCommand({ options, root, log }: Task): Promise<Ending> {
  const { done, words } = await requestHandover(root, chooseInterface(options, root, log));
  if (!done) throw new Failure(words, { remedy: "katran's own lines are in the launcher's log" });
  log.info(words);
  return 'done';
}
