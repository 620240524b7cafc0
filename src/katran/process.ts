import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { Failure, messageOf, statusOfSignal } from '../failure.ts';

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

/**
 * Starts katran with these argv elements. It gets a session of its own, so that a terminal's Ctrl-C and hang-up reach
 * the launcher alone, and is not killed when the launcher dies. Throws Failure when it cannot be executed.
 */
export async function startKatran(
  binary: string,
  args: readonly string[],
  { stdout, stderr, environment }: KatranSurroundings,
): Promise<KatranProcess> {
  const child = spawnOrFail(binary, args, {
    stdio: ['ignore', stdout, stderr],
    env: { ...environment },
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) {
    const reasons: unknown[] = await once(child, 'error');
    throw cannotStart(binary, reasons[0]);
  }
  let exit: KatranExit | undefined;
  const exited = new Promise<KatranExit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  return {
    pid,
    exited,
    get exit() {
      return exit;
    },
    kill: (signal) => exit === undefined && child.kill(signal),
  };
}

/** One runtime throws when a program cannot be executed, another emits an error. */
function spawnOrFail(binary: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(binary, args, options);
  } catch (error) {
    throw cannotStart(binary, error);
  }
}

function cannotStart(binary: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  return new Failure(`cannot start ${binary}: ${code}; check -binary`, { cause: error });
}

/** The launcher's status for it: katran's own, or 128+N when signal N ended it. */
export function exitStatusOf(exit: KatranExit): number {
  return exit.signal === null ? (exit.code ?? 1) : statusOfSignal(exit.signal);
}
