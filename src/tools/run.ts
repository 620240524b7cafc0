import { errnoOf, messageOf } from '../failure.ts';
import { NotStarted } from './failures.ts';

/** The environment of a process that is started: all of it, nothing is added. */
export type ChildEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Loads what starts processes, which takes some milliseconds. Whoever knows that a process will be started calls it while
 * something else is waited for.
 */
export function loadRunner(): Promise<typeof import('execa')> {
  return import('execa');
}

export type Stream = 'ignore' | 'inherit' | 'pipe' | number;

export interface BeginOptions {
  /** stdout, stderr and what follows; stdin is empty. A number is a descriptor of this process, which the child gets as it is. */
  readonly streams: readonly [stdout: Stream, stderr: Stream, ...others: Stream[]];
  readonly environment: ChildEnvironment;
  readonly directory: string;
  /** argv[0]; the file where it is not given. */
  readonly name?: string | undefined;
  /** It gets a session of its own. */
  readonly detached?: boolean;
}

/** Starts a process that is not waited for; an error that one runtime throws and the other emits is a NotStarted. */
export async function begin(
  file: string,
  args: readonly string[],
  { streams: [stdout, stderr, ...others], environment, directory, name, detached = false }: BeginOptions,
) {
  const { execa } = await loadRunner();
  const start = () =>
    execa(file, args, {
      stdio: ['ignore', forExeca(stdout), forExeca(stderr), ...others.map(forExeca)],
      env: environment,
      extendEnv: false,
      cwd: directory,
      ...(name === undefined ? {} : { argv0: name }),
      detached,
      // It would take over the signals of this process.
      cleanup: false,
      forceKillAfterDelay: false,
      buffer: false,
      reject: false,
      verbose: 'none',
    });
  let child: ReturnType<typeof start>;
  try {
    child = start();
  } catch (error) {
    throw new NotStarted(file, errnoOf(error) ?? whyRefused(error, args, environment), error);
  }
  // A signal that may not be sent is an error event, which would end this process where nobody listens.
  child.on('error', () => undefined);
  const { pid } = child;
  if (pid !== undefined) return { child, pid };
  const result = await child;
  throw new NotStarted(file, result.code ?? result.originalMessage ?? 'it has no process id', result.cause);
}

export type Begun = Awaited<ReturnType<typeof begin>>;

/** The types of execa know the descriptors 3 to 9 only; it hands every number on as it is. */
function forExeca(stream: Stream): 'ignore' | 'inherit' | 'pipe' | 3 {
  return typeof stream === 'number' ? (stream as 3) : stream;
}

/** One runtime throws where the other emits an error or gives false. */
export function sent(kill: () => boolean): boolean {
  try {
    return kill();
  } catch {
    return false;
  }
}

/** MAX_ARG_STRLEN of include/uapi/linux/binfmts.h. */
const LONGEST_ARGUMENT_BYTES = 128 * 1024;

/** One runtime loses the kernel's reason where that is neither ENOENT nor EACCES (E2BIG, ENOEXEC): an error of its own comes instead. */
export function whyRefused(error: unknown, args: readonly string[], environment: ChildEnvironment): string {
  const texts = [...args, ...Object.entries(environment).map(([name, value = '']) => `${name}=${value}`)];
  if (texts.some((text) => text.includes('\0'))) return 'an argument holds a NUL byte';
  if (texts.some((text) => Buffer.byteLength(text) >= LONGEST_ARGUMENT_BYTES)) return 'E2BIG';
  return error instanceof TypeError
    ? 'the kernel refused it (no program for this machine, or too many arguments)'
    : messageOf(error);
}
