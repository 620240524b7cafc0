import { restoreMasks, type RestoreReport } from '../affinity/masks/restore.ts';
import { chooseInterface } from '../planning/interface.ts';
import { type Ending, Failure } from '../failure.ts';
import { launcherOn } from '../launch/lock.ts';
import type { Root } from '../linux/root.ts';
import type { Task } from '../planning/task.ts';

/** What was put back, what no longer exists, what the kernel refused: one line each, and what became of the saved file. */
function restoreText(report: RestoreReport, preview: boolean): string {
  const verb = preview ? 'would restore' : 'restored';
  return [
    ...report.restored.map(
      ({ irq, name, before, mask }) => `${verb} irq ${irq} (${name}) from mask ${before} to ${mask}`,
    ),
    ...report.gone.map(({ irq, name, reason }) => `left out irq ${irq} (${name}): ${reason}`),
    ...report.failed.map(({ irq, name, reason }) => `failed irq ${irq} (${name}): ${reason}`),
    report.fileRemoved ? `removed ${report.file}` : `kept ${report.file}`,
    '',
  ].join('\n');
}

/** The affinity guard of a launcher at work would write its plan again, and the masks of before would be forgotten. */
function refuseBesideLauncher(root: Root, intf: string): void {
  const pid = launcherOn(root, intf);
  if (pid === undefined) return;
  throw new Failure(
    `start-katran (pid ${pid}) is at work on ${intf} and would write its masks again; nothing was restored: ` +
      `stop it first (kill ${pid}, or systemctl stop start-katran), or look only: start-katran restore -dry_run`,
  );
}

/**
 * `start-katran restore`: puts back the masks found before the first -affinitize, and says what could not be. The interface
 * may be gone by now: the saved file decides. Has failed when the
 * kernel refused a mask. Throws Failure when nothing is saved, and when a launcher is at work there.
 */
export function restoreCommand({ options, root, log, world }: Task): Ending {
  const intf = options.given.has('intf') ? options.intf : chooseInterface(options, root, log);
  if (!options.dry_run) refuseBesideLauncher(root, intf);
  const report = restoreMasks(root, intf, { log, preview: options.dry_run });
  world.stdout.write(
    options.json ? `${JSON.stringify({ version: 1, ...report })}\n` : restoreText(report, options.dry_run),
  );
  return report.failed.length === 0 ? 'done' : 'failed';
}
