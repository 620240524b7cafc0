import path from 'node:path';
import type { Readable } from 'node:stream';
import { errnoOf, Failure, messageOf } from '../failure.ts';

/** The environment of a process that is started: all of it, nothing is added. */
export type ChildEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Loads what starts processes, which takes some milliseconds. Whoever knows that a process will be started calls it while
 * something else is waited for.
 */
export function loadRunner(): Promise<typeof import('execa')> {
  return import('execa');
}

/** A process that could not be started; `reason` is the errno name (`ENOENT`), or a sentence where there is none. */
export class NotStarted extends Failure {
  readonly reason: string;

  constructor(file: string, reason: string, cause: unknown) {
    super(`cannot start ${file}: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** A tool that is missing, failed, or took too long. */
export class ToolFailure extends Failure {
  /** Which of these it was, without the tool's name. */
  readonly reason: string;
  readonly isMissing: boolean;

  private constructor(
    message: string,
    { reason, isMissing, cause }: { reason: string; isMissing: boolean; cause?: unknown },
  ) {
    super(message, { cause });
    this.reason = reason;
    this.isMissing = isMissing;
  }

  static missing(command: string): ToolFailure {
    return new ToolFailure(`there is no ${command} on this host`, { reason: 'is missing', isMissing: true });
  }

  static failed(command: string, reason: string, cause: unknown): ToolFailure {
    return new ToolFailure(`${command} ${reason}`, { reason, isMissing: false, cause });
  }
}

export interface TextOptions {
  readonly environment: ChildEnvironment;
  /** A tool that takes longer is killed. */
  readonly timeoutMs: number;
  /** Kills the tool; its reason is thrown then. */
  readonly signal?: AbortSignal | undefined;
}

/** More than any tool that is asked prints. */
const MOST_TEXT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a tool to its end and gives what it printed on stdout, without the last line feed. Throws ToolFailure, and the signal's
 * reason when that is aborted.
 */
export async function textOf(
  file: string,
  args: readonly string[],
  { environment, timeoutMs, signal }: TextOptions,
): Promise<string> {
  signal?.throwIfAborted();
  const { execa } = await loadRunner();
  try {
    const { stdout } = await execa(file, args, {
      stdin: 'ignore',
      env: environment,
      extendEnv: false,
      cwd: '/',
      timeout: timeoutMs,
      // A tool that only prints has nothing to clean up.
      killSignal: 'SIGKILL',
      maxBuffer: MOST_TEXT_BYTES,
      verbose: 'none',
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    return stdout;
  } catch (error) {
    signal?.throwIfAborted();
    const refused =
      error instanceof TypeError ? `could not be run: ${whyRefused(error, args, environment)}` : undefined;
    throw ToolFailure.failed(path.basename(file), refused ?? whyFailed(error, timeoutMs), error);
  }
}

function whyFailed(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return `failed: ${messageOf(error)}`;
  if ('timedOut' in error && error.timedOut === true) return `gave no answer in ${timeoutMs} ms`;
  const code = errnoOf(error);
  if (code !== undefined) return `could not be run: ${code}`;
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  const last = said.split('\n').at(-1) ?? '';
  if (last !== '') return `failed: ${last}`;
  const status = 'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : undefined;
  return status === undefined
    ? `failed: ${messageOf(error).split('\n', 1)[0] ?? ''}`
    : `ended with status ${status}`;
}

/** Hears what a tool says. */
export interface Follower {
  /** What it printed on stdout, in pieces that end anywhere. */
  onText(text: string): void;
  /** What it printed on stderr. */
  onComplaint(text: string): void;
}

/** A tool that speaks until it is stopped. */
export interface Followed {
  readonly pid: number;
  /** Fulfilled when it has ended, with how it ended, in words; never rejected. */
  readonly ended: Promise<string>;
  /** Ends it; nothing is heard of it after this. */
  stop(): void;
}

/**
 * After a piece, so long nothing is read: a tool that says a thousand things in a row is heard in few pieces, which hold what its
 * pipe holds (64 KiB), and has to wait when it says more.
 */
const REST_MS = 15;

/** Starts a tool that speaks until it is stopped, or has nobody to speak to. Throws ToolFailure. */
export async function followText(
  file: string,
  args: readonly string[],
  environment: ChildEnvironment,
  follower: Follower,
  name = path.basename(file),
): Promise<Followed> {
  const { execa } = await loadRunner();
  const begin = () =>
    execa(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
      extendEnv: false,
      cwd: '/',
      // It would take over the signals of this process.
      cleanup: false,
      forceKillAfterDelay: false,
      buffer: false,
      reject: false,
      verbose: 'none',
    });
  let child: ReturnType<typeof begin>;
  try {
    child = begin();
  } catch (error) {
    throw ToolFailure.failed(name, `could not be run: ${whyRefused(error, args, environment)}`, error);
  }
  child.on('error', () => undefined);
  const { pid } = child;
  if (pid === undefined) {
    const result = await child;
    throw ToolFailure.failed(
      name,
      `could not be run: ${result.code ?? 'it has no process id'}`,
      result.cause,
    );
  }
  let stopped = false;
  const rests = new Set<NodeJS.Timeout>();
  const hear = (stream: Readable, tell: (text: string) => void): void => {
    stream.setEncoding('utf8');
    stream.on('error', () => undefined);
    stream.on('data', (text: string) => {
      if (stopped) return;
      stream.pause();
      const rest = setTimeout(() => {
        rests.delete(rest);
        stream.resume();
      }, REST_MS);
      rests.add(rest);
      tell(text);
    });
  };
  hear(child.stdout, (text) => follower.onText(text));
  hear(child.stderr, (text) => follower.onComplaint(text));
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `ended with status ${code ?? 'unknown'}` : `was ended by ${signal}`);
    });
  });
  return {
    pid,
    ended,
    stop: () => {
      if (stopped) return;
      stopped = true;
      for (const rest of rests) clearTimeout(rest);
      child.stdout.destroy();
      child.stderr.destroy();
      // It only prints: there is nothing to clean up.
      sent(() => child.kill('SIGKILL'));
    },
  };
}

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

type Stream = 'ignore' | 'inherit' | number;

export interface ChildOptions {
  /** stdout, stderr and what follows; stdin is empty. A number is a descriptor of this process, which the child gets as it is. */
  readonly streams: readonly [stdout: Stream, stderr: Stream, ...others: Stream[]];
  readonly environment: ChildEnvironment;
  /** The working directory; that of this process where it is not given. */
  readonly directory?: string;
  /** argv[0]; the file where it is not given. */
  readonly name?: string;
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
  { streams: [stdout, stderr, ...others], environment, directory = OWN_DIRECTORY, name }: ChildOptions,
): Promise<Child> {
  const { execa } = await loadRunner();
  const begin = () =>
    execa(file, args, {
      stdio: ['ignore', forExeca(stdout), forExeca(stderr), ...others.map(forExeca)],
      env: environment,
      extendEnv: false,
      cwd: directory,
      ...(name === undefined ? {} : { argv0: name }),
      detached: true,
      cleanup: false,
      forceKillAfterDelay: false,
      buffer: false,
      reject: false,
      verbose: 'none',
    });
  let child: ReturnType<typeof begin>;
  try {
    child = begin();
  } catch (error) {
    throw new NotStarted(file, errnoOf(error) ?? whyRefused(error, args, environment), error);
  }
  // A signal that may not be sent is an error event, which would end this process where nobody listens.
  child.on('error', () => undefined);
  const { pid } = child;
  if (pid === undefined) {
    const result = await child;
    throw new NotStarted(file, result.code ?? result.originalMessage ?? 'it has no process id', result.cause);
  }
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

/** The types of execa know the descriptors 3 to 9 only; it hands every number on as it is. */
function forExeca(stream: Stream): 'ignore' | 'inherit' | 3 {
  return typeof stream === 'number' ? (stream as 3) : stream;
}

/** One runtime throws where the other emits an error or gives false. */
function sent(kill: () => boolean): boolean {
  try {
    return kill();
  } catch {
    return false;
  }
}

/** MAX_ARG_STRLEN of include/uapi/linux/binfmts.h. */
const LONGEST_ARGUMENT_BYTES = 128 * 1024;

/** One runtime loses the kernel's reason where that is neither ENOENT nor EACCES (E2BIG, ENOEXEC): an error of its own comes instead. */
function whyRefused(error: unknown, args: readonly string[], environment: ChildEnvironment): string {
  const texts = [...args, ...Object.entries(environment).map(([name, value = '']) => `${name}=${value}`)];
  if (texts.some((text) => text.includes('\0'))) return 'an argument holds a NUL byte';
  if (texts.some((text) => Buffer.byteLength(text) >= LONGEST_ARGUMENT_BYTES)) return 'E2BIG';
  return error instanceof TypeError
    ? 'the kernel refused it (no program for this machine, or too many arguments)'
    : messageOf(error);
}
