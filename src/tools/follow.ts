import path from 'node:path';
import type { Readable } from 'node:stream';
import { NotStarted, ToolFailure } from './failures.ts';
import { begin, sent, type Begun, type ChildEnvironment } from './run.ts';

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
  const { child, pid } = await begunOr(name, () =>
    // In a session of its own a terminal's Ctrl-C does not end it before its listener has stopped.
    begin(file, args, { streams: ['pipe', 'pipe'], environment, directory: '/', detached: true }),
  );
  const { stdout, stderr } = child;
  let stopped = false;
  const rests = new Set<NodeJS.Timeout>();
  const hear = (stream: Readable | null, tell: (text: string) => void): void => {
    stream?.setEncoding('utf8');
    stream?.on('error', () => undefined);
    stream?.on('data', (text: string) => {
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
  hear(stdout, (text) => follower.onText(text));
  hear(stderr, (text) => follower.onComplaint(text));
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
      stdout?.destroy();
      stderr?.destroy();
      // It only prints: there is nothing to clean up.
      sent(() => child.kill('SIGKILL'));
    },
  };
}

async function begunOr(name: string, begun: () => Promise<Begun>): Promise<Begun> {
  try {
    return await begun();
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    throw ToolFailure.failed(name, `could not be run: ${error.reason}`, error.cause);
  }
}
