import type { ServiceManager } from '../launch/service-manager.ts';
import type { SignalDesk } from '../launch/signals.ts';
import { waitForLink } from '../planning/link.ts';
import type { Task } from '../planning/task.ts';
import { openProgress } from '../terminal/progress.ts';

/** `-link_timeout`, with what is waited for shown on a terminal and to the service manager. Throws when it is to be stopped. */
export async function awaitLink(
  { options, root, log, world }: Task,
  desk: SignalDesk,
  manager?: Pick<ServiceManager, 'status'>,
): Promise<void> {
  const progress = openProgress(world.stderr, world.environment, options.log_format);
  const waitingFor = (missing: string): void => {
    const words = `waiting for ${missing}`;
    desk.describe(() => words);
    manager?.status(words, options.link_timeout);
    progress.begin(words);
  };
  try {
    await waitForLink(options, root, { signal: desk.stop, waitingFor, log });
  } finally {
    progress.end();
  }
}
