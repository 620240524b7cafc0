import { malformed } from './malformed.ts';
import { KernelFileError } from './root.ts';

/** show_interrupts() prints each counter as " %10u" (kernel/irq/proc.c). */
export const COLUMN_WIDTH = 11;

/** CPU ids of the first line of /proc/interrupts. Throws KernelFileError. */
export function parseHeader(line: string, path: string): number[] {
  const names = line.trim().split(/\s+/);
  return names.map((name) => {
    const digits = /^CPU(\d{1,7})$/.exec(name)?.[1];
    if (digits === undefined) throw malformed(path, 1, 'a header of CPU0 CPU1 …', line);
    return Number(digits);
  });
}

/**
 * Splits what follows the counters: chip, hardware IRQ, trigger, then the names, which may hold spaces. The chip part
 * ends after ` 16384 Edge`, ` 19-fasteoi` or ` -event` (Xen), whichever is first; without one, after the chip's name
 * and a number (` MIPS   7`), or after the chip's name alone (`PCI-MSI-edge`).
 */
export function splitAfterCounters(rest: string): { chip: string; actions: readonly string[] } {
  const text = rest.trim();
  const match =
    /\s(?:(?:Level|Edge)(?:\s+-\S+)?|\d*-\S+)(?=\s|$)/.exec(text) ??
    /^\S+\s+\d+(?=\s|$)/.exec(text) ??
    /^\S+/.exec(text);
  const end = match === null ? 0 : match.index + match[0].length;
  return {
    chip: text.slice(0, end).replace(/\s+/g, ' '),
    actions: text
      .slice(end)
      .split(', ')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  };
}

/** A CPU that comes or goes while the file is read leaves lines longer or shorter than the header: it is read again, once. */
export function withSecondLook<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KernelFileError) || error.code !== undefined) throw error;
    return read();
  }
}
