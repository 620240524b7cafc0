import { EXIT, Failure, statusOfSignal } from '../failure.ts';
import { startChild, type Child, type End } from '../tools/child.ts';
import { NotStarted } from '../tools/failures.ts';

/** How katran ended: code or signal. `byUs`: the launcher itself sent the signal, SIGKILL. */
export type KatranExit = End & { readonly byUs?: true };

export type KatranProcess = Child;

export interface KatranSurroundings {
  /** `inherit`, or a descriptor of this process that katran gets as it is, with nothing of ours in between. */
  readonly stdout: 'inherit' | number;
  readonly stderr: 'inherit' | number;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Starts katran with this argv, in a session of its own; it is not killed when the launcher dies. Throws Failure when it
 * cannot be executed.
 */
export async function startKatran(
  binary: string,
  [name, ...args]: readonly string[],
  { stdout, stderr, environment }: KatranSurroundings,
): Promise<KatranProcess> {
  try {
    return await startChild(binary, args, {
      streams: [stdout, stderr],
      environment,
      ...(name === undefined ? {} : { name }),
    });
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    throw new Failure(error.message, { remedy: 'check -binary', cause: error });
  }
}

/** The launcher's status for an end that nobody asked for: never 0, so that a service manager starts it again. */
export function unaskedStatusOf(exit: KatranExit): number {
  const status = exitStatusOf(exit);
  return status === 0 ? EXIT.failed : status;
}

/** The launcher's status for it: katran's own, or 128+N when signal N ended it. */
export function exitStatusOf(exit: KatranExit): number {
  return exit.signal === null ? (exit.code ?? 1) : statusOfSignal(exit.signal);
}
