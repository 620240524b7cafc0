import path from 'node:path';
import { errnoOf, messageOf } from '../failure.ts';
import { ToolFailure } from './failures.ts';
import { loadRunner, whyRefused, type ChildEnvironment } from './run.ts';

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
      // A terminal's Ctrl-C is for this process, which may need what the tool does to stop in order.
      detached: true,
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
