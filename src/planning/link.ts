import { setTimeout as pause } from 'node:timers/promises';
import { NoReceiveInterrupts } from '../affinity/vectors/no-vectors.ts';
import type { Options } from '../cli/options.ts';
import { Failure } from '../failure.ts';
import { KernelFileError, type Root } from '../linux/root.ts';
import { SILENT, type Log } from '../log/log.ts';
import { chooseInterface } from './interface.ts';
import { planForInterface } from './plan.ts';

/** Looking reads some files of /proc and /sys. */
const EVERY_MS = 200;

/** What is missing of an interface, a clause; undefined when nothing is that time would bring. */
export function missingOfLink(options: Options, root: Root): string | undefined {
  let name: string;
  try {
    name = chooseInterface(options, root, SILENT);
  } catch (error) {
    if (error instanceof Failure) return `interface ${options.intf} to exist`;
    throw error;
  }
  try {
    const { warnings } = planForInterface(options, root, name);
    const isDown = warnings.some(({ code }) => code === 'interface-down');
    return isDown ? `interface ${name} to be up` : undefined;
  } catch (error) {
    if (error instanceof NoReceiveInterrupts) return `the receive interrupts of ${name}`;
    // It went, or its queues changed, between two files.
    if (error instanceof KernelFileError) return `interface ${name} to be read`;
    // Anything else is as wrong later as it is now.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

export interface LinkWait {
  readonly signal: AbortSignal;
  /** Called with what is waited for, a clause, when it begins and when that changes. */
  readonly waitingFor: (missing: string) => void;
  readonly log: Log;
}

/**
 * `-link_timeout`: waits until the interface exists, is up and has its receive interrupts. After the time it goes on without: whoever
 * needs what is missing refuses it in its own words. Throws when the signal aborts.
 */
export async function waitForLink(
  options: Options,
  root: Root,
  { signal, waitingFor, log }: LinkWait,
): Promise<void> {
  const { link_timeout: timeoutMs } = options;
  const begun = performance.now();
  let said: string | undefined;
  for (;;) {
    const missing = timeoutMs === 0 ? undefined : missingOfLink(options, root);
    const waited = performance.now() - begun;
    if (missing === undefined) {
      if (said !== undefined) log.info(`the interface is ready after ${Math.round(waited)} ms`);
      return;
    }
    if (waited >= timeoutMs) {
      log.warn(`${timeoutMs} ms (-link_timeout) were not enough for ${missing}`);
      return;
    }
    if (missing !== said) {
      log.info(`waiting up to ${timeoutMs} ms for ${missing} (-link_timeout)`);
      waitingFor(missing);
      said = missing;
    }
    await pause(Math.min(EVERY_MS, timeoutMs - waited), undefined, { signal });
  }
}
