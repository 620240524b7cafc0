import { restoreMasks, type RestoreReport } from '../affinity/masks/restore.ts';
import { chooseInterface } from '../planning/interface.ts';
import type { Ending } from '../failure.ts';
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

/**
 * `start-katran restore`: puts back the masks found before the first -affinitize, and says what could not be. The interface
 * may be gone by now: the saved file decides. Has failed when the
 * kernel refused a mask. Throws Failure when nothing is saved.
 */
export function restoreCommand({ options, root, log, world }: Task): Ending {
  const intf = options.given.has('intf') ? options.intf : chooseInterface(options, root, log);
  const report = restoreMasks(root, intf, { log, preview: options.dry_run });
  world.stdout.write(
    options.json ? `${JSON.stringify({ version: 1, ...report })}\n` : restoreText(report, options.dry_run),
  );
  return report.failed.length === 0 ? 'done' : 'failed';
}
