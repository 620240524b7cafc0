import { Failure } from '../failure.ts';
import type { Root } from '../linux/root.ts';
import { findInPath, pathOfTools } from './find.ts';
import { ToolFailure } from './failures.ts';
import { followText, type Followed, type Follower } from './follow.ts';
import type { ChildEnvironment } from './run.ts';
import { textOf } from './text.ts';

export type { Followed } from './follow.ts';

export interface AskOptions {
  /** A tool that takes longer is killed; 700 ms where nothing is given. */
  readonly timeoutMs?: number;
  /** The tool's whole environment; a bare one where nothing is given. */
  readonly environment?: ChildEnvironment;
  readonly signal?: AbortSignal | undefined;
}

/** Administrators' tools. */
export interface Tools {
  /**
   * What the tool prints on stdout. Throws ToolFailure when it is not installed, fails or hangs, Failure when nothing is
   * recorded of it, and the signal's reason.
   */
  ask(command: string, args: readonly string[], options?: AskOptions): Promise<string>;
  /**
   * Starts a tool that speaks until it is stopped. Throws ToolFailure when it is not installed or cannot be started. Left out where
   * nothing can be started: a recording does not speak.
   */
  readonly follow?: (command: string, args: readonly string[], follower: Follower) => Promise<Followed>;
}

const TIMEOUT_MS = 700;

/**
 * With setpriv a tool ends with this process, also when that is killed: by itself it would notice at its next word. Killed before setpriv has asked
 * for that, this process is the parent no more, and the tool is not begun.
 */
const untilWeEnd = (shell: string, ownPid: number): string[] => [
  ...['--pdeathsig', 'TERM', shell, '-c', '[ "$PPID" = "$1" ] && shift && exec "$@"', 'sh'],
  String(ownPid),
];

/** The tools of this machine, for the process with that id. Each is looked up once, in $PATH and where such tools usually are. */
export function openTools(searchPath: string, ownPid: number): Tools {
  const toolPath = pathOfTools(searchPath);
  // Numbers and words as they are parsed here.
  const plain = { PATH: toolPath, LC_ALL: 'C' };
  const found = new Map<string, string | undefined>();
  const fileOf = (command: string): string | undefined => {
    if (!found.has(command)) found.set(command, findInPath(command, toolPath));
    return found.get(command);
  };
  return {
    ask: async (command, args, { environment = plain, timeoutMs = TIMEOUT_MS, signal } = {}) => {
      const file = fileOf(command);
      if (file === undefined) throw ToolFailure.missing(command);
      return await textOf(file, args, { environment, timeoutMs, signal });
    },
    follow: async (command, args, follower) => {
      const file = fileOf(command);
      if (file === undefined) throw ToolFailure.missing(command);
      const [ward, shell] = [fileOf('setpriv'), fileOf('sh')];
      const guarded = ward === undefined || shell === undefined ? [] : [ward, ...untilWeEnd(shell, ownPid)];
      const [first = file, ...rest] = [...guarded, file, ...args];
      return await followText(first, rest, plain, follower, command);
    },
  };
}

/**
 * What was recorded of the tools of another machine, below its -sysroot: the output is that of a file `/tools/ethtool_-k_eth0`
 * (command and arguments, joined by `_`). Nothing is run.
 */
export function recordedTools(root: Root): Tools {
  return {
    ask: (command, args) => {
      const recording = `/tools/${[command, ...args].join('_')}`;
      const text = root.readIfPresent(recording);
      if (text !== undefined) return Promise.resolve(text);
      return Promise.reject(
        new Failure(`${command} ${args.join(' ')} is not recorded below -sysroot (${recording})`),
      );
    },
  };
}

/** The same question is asked only once: for a report, which shows one moment. */
export function askingOnce(tools: Tools): Tools {
  const asked = new Map<string, Promise<string>>();
  return {
    ask: (command, args, options) => {
      const key = JSON.stringify([command, ...args]);
      const answer = asked.get(key) ?? tools.ask(command, args, options);
      asked.set(key, answer);
      return answer;
    },
  };
}
