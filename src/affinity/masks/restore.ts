import { Failure, messageOf } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { readInterrupts } from '../../linux/interrupts.ts';
import type { InterruptLine } from '../../linux/interrupts.ts';
import { KernelFileError } from '../../linux/root.ts';
import type { Root } from '../../linux/root.ts';
import { readAffinity } from '../../linux/smp-affinity.ts';
import { readSavedMasks, removeSavedMasks, savedMasksPath } from './saved-masks.ts';
import type { SavedMask } from './saved-masks.ts';
import { MaskNotSet, setMask } from './set-mask.ts';

export interface RestoredMask extends SavedMask {
  /** What smp_affinity held until now. */
  readonly before: string;
}

export interface UnrestoredMask extends SavedMask {
  readonly reason: string;
}

/** What `restore` did; plain values, fit for JSON. */
export interface RestoreReport {
  readonly interface: string;
  readonly file: string;
  readonly restored: readonly RestoredMask[];
  /** Vectors that no longer exist under the same number and name: nothing to put back. */
  readonly gone: readonly UnrestoredMask[];
  /** Masks the kernel did not take back; the file is kept for another try. */
  readonly failed: readonly UnrestoredMask[];
  readonly fileRemoved: boolean;
}

export interface RestoreOptions {
  readonly log: Log;
  /** True: only say what would be restored (`-dry_run`). */
  readonly preview?: boolean;
}

function whyGone({ name }: SavedMask, line: InterruptLine | undefined): string | undefined {
  if (line === undefined) return 'the interrupt is gone';
  if (line.actions.includes(name)) return undefined;
  const now = line.actions.join(', ');
  return now === '' ? 'the interrupt is free now' : `the interrupt is now ${now}`;
}

/**
 * Puts back the masks that were there before start-katran first wrote (see saveMasks), for the vectors that still exist
 * under the same IRQ and action name in /proc/interrupts, and forgets them unless one failed. Each write is logged
 * before it is made and read back after it; one that fails does not keep the others from being tried.
 * Throws Failure when nothing is saved or the saved file or /proc/interrupts cannot be read.
 */
export function restoreMasks(
  root: Root,
  interfaceName: string,
  { log, preview = false }: RestoreOptions,
): RestoreReport {
  const file = savedMasksPath(root, interfaceName);
  const saved = readSavedMasks(root, interfaceName);
  if (saved === undefined) {
    throw new Failure(
      `nothing saved for ${interfaceName} in ${file}; start-katran saves the masks it finds when it first writes some`,
    );
  }
  const { lines } = readInterrupts(root);
  const restored: RestoredMask[] = [];
  const gone: UnrestoredMask[] = [];
  const failed: UnrestoredMask[] = [];
  for (const vector of saved) {
    const reason = whyGone(vector, lines.get(vector.irq));
    if (reason !== undefined) {
      gone.push({ ...vector, reason });
      continue;
    }
    try {
      const before = readAffinity(root, vector.irq);
      if (!preview) {
        log.info(`restoring irq ${vector.irq} to mask ${vector.mask}`);
        setMask(root, vector.irq, vector.mask);
      }
      restored.push({ ...vector, before });
    } catch (error) {
      if (!(error instanceof MaskNotSet || error instanceof KernelFileError)) throw error;
      const why = error instanceof MaskNotSet ? error.reason : messageOf(error);
      (error.code === 'ENOENT' ? gone : failed).push({ ...vector, reason: why });
    }
  }
  const fileRemoved = failed.length === 0 && !preview;
  if (fileRemoved) removeSavedMasks(root, interfaceName);
  return { interface: interfaceName, file, restored, gone, failed, fileRemoved };
}
