import { begin, sent, type BeginOptions } from './run.ts';

/**
 * How a process ended: exactly one of the two is set. A death by a real-time signal (34 and more) comes as status 0, in both
 * runtimes: they have no name for it.
 */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly pid: number;
  /** Fulfilled when the process has been reaped; never rejected. */
  readonly exited: Promise<End>;
  /** How it ended, once it did. */
  readonly exit: End | undefined;
  /** Sends a signal; false when the process is gone or may not be sent it. Never throws. */
  kill(signal: NodeJS.Signals): boolean;
}

export interface ChildOptions extends Pick<BeginOptions, 'streams' | 'environment' | 'name'> {
  /** The working directory; that of this process where it is not given. */
  readonly directory?: string;
}

/**
 * Where a child finds its parent's working directory. Asking for that directory's name fails when it has been removed, and is of no
 * use: the child is there already.
 */
const OWN_DIRECTORY = '/proc/self/cwd';

/**
 * Starts a process that lives on when this one dies. It has a session of its own, so that a terminal's Ctrl-C and hang-up do
 * not reach it. Throws NotStarted.
 */
export async function startChild(
  file: string,
  args: readonly string[],
  { streams, environment, directory = OWN_DIRECTORY, name }: ChildOptions,
): Promise<Child> {
  const { child, pid } = await begin(file, args, {
    streams,
    environment,
    directory,
    name,
    detached: true,
  });
  let exit: End | undefined;
  // Not the promise of execa: it is fulfilled too early when a signal may not be sent.
  const exited = new Promise<End>((resolve) => {
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
    kill: (signal) => exit === undefined && sent(() => child.kill(signal)),
  };
}
