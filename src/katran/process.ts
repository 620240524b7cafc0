import { constants } from 'node:os';
import { Failure } from '../failure.ts';

/** How katran ended: exactly one of the two is set. */
export interface KatranExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface KatranProcess {
  readonly pid: number;
  /** Fulfilled when the process has been reaped; never rejected. */
  readonly exited: Promise<KatranExit>;
  /** How it ended, once it did. */
  readonly exit: KatranExit | undefined;
  /** Sends a signal; false when the process is gone. */
  kill(signal: NodeJS.Signals): boolean;
}

export interface KatranSurroundings {
  /** `inherit`, or a descriptor of this process that katran gets as it is, with nothing of ours in between. */
  readonly stdout: 'inherit' | number;
  readonly stderr: 'inherit' | number;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** execa passes any descriptor on, but its types list only some of them by value. */
function asDescriptor(target: 'inherit' | number): 'inherit' | 3 {
  return target as 'inherit' | 3;
}

/**
 * Starts katran with these argv elements. It gets a session of its own, so that a terminal's Ctrl-C and hang-up reach
 * the launcher alone, and is not killed when the launcher dies. Throws Failure when it cannot be executed.
 */
export async function startKatran(
  binary: string,
  args: readonly string[],
  { stdout, stderr, environment }: KatranSurroundings,
): Promise<KatranProcess> {
  const { execa } = await import('execa');
  const subprocess = execa(binary, [...args], {
    stdin: 'ignore',
    stdout: asDescriptor(stdout),
    stderr: asDescriptor(stderr),
    env: { ...environment },
    extendEnv: false,
    detached: true,
    cleanup: false,
    // katran's shutdown takes as long as -shutdown_delay says: nobody but us decides when patience ends.
    forceKillAfterDelay: false,
    reject: false,
  });
  const { pid } = subprocess;
  if (pid === undefined) {
    const { code, originalMessage } = await subprocess;
    throw new Failure(`cannot start ${binary}: ${code ?? originalMessage ?? 'unknown error'}; check -binary`);
  }
  let exit: KatranExit | undefined;
  const exited = subprocess.then(({ exitCode, signal }) => {
    exit = { code: exitCode ?? null, signal: signal ?? null };
    return exit;
  });
  return {
    pid,
    exited,
    get exit() {
      return exit;
    },
    kill: (signal) => exit === undefined && subprocess.kill(signal),
  };
}

/** The launcher's status for it: katran's own, or 128+N when signal N ended it. */
export function exitStatusOf(exit: KatranExit): number {
  return exit.signal === null ? (exit.code ?? 1) : 128 + constants.signals[exit.signal];
}
