import type { Log } from '../../log/log.ts';
import type { Progress } from '../../terminal/progress.ts';
import { restoreServices, type Restored, type RestoreOptions } from './restore.ts';

/** Without a terminal, one line in so many ms says how far it is. */
const LINE_EVERY_MS = 1000;

/** Restores services and shows how far it is: on the last line of a terminal, else in a line a second. Throws as restoreServices. */
export async function restoreShown(
  options: Omit<RestoreOptions, 'progress'>,
  { progress, log }: { readonly progress: Progress; readonly log: Log },
): Promise<Restored> {
  let lineAt = performance.now() + LINE_EVERY_MS;
  const words = 'giving katran its services';
  return progress.during(words, () =>
    restoreServices({
      ...options,
      progress: (done, all) => {
        const how = `${words}: ${done} of ${all} VIPs`;
        progress.say(how);
        if (progress.shown || performance.now() < lineAt) return;
        lineAt = performance.now() + LINE_EVERY_MS;
        log.info(how);
      },
    }),
  );
}
