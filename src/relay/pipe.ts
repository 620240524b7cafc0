import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Tools } from '../tools/toolbox.ts';

/** Both ends of a pipe as descriptors of this process, blocking for whoever inherits them, closed in all other children. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
  /** A second write end, for this process's own use: it does not block. */
  readonly own: number;
}

/** It takes a moment; this is for a machine that has stopped. */
const MKFIFO_MS = 10_000;

/**
 * Makes pipes. Node has no pipe(2), and what its child processes get as pipes are sockets that share their non-blocking
 * mode with the parent; a fifo(7) without its name is the real thing. Throws what mkfifo(1) or the file system throws.
 */
export async function makePipes<Name extends string>(
  names: readonly Name[],
  tools: Tools,
): Promise<Record<Name, Pipe>> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-'));
  try {
    await tools.ask(
      'mkfifo',
      names.map((name) => path.join(directory, name)),
      { timeoutMs: MKFIFO_MS },
    );
    const pipes: Partial<Record<Name, Pipe>> = {};
    for (const name of names) pipes[name] = openEnds(path.join(directory, name));
    if (!isComplete(pipes, names)) throw new Error('a pipe is missing');
    return pipes;
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

function isComplete<Name extends string>(
  pipes: Partial<Record<Name, Pipe>>,
  names: readonly Name[],
): pipes is Record<Name, Pipe> {
  return names.every((name) => pipes[name] !== undefined);
}

function openEnds(fifo: string): Pipe {
  const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = fs.constants;
  // Opening one end waits for the other; with both ends held by this one, neither does.
  const both = fs.openSync(fifo, O_RDWR | O_NONBLOCK);
  try {
    return {
      read: fs.openSync(fifo, O_RDONLY),
      write: fs.openSync(fifo, O_WRONLY),
      own: fs.openSync(fifo, O_WRONLY | O_NONBLOCK),
    };
  } finally {
    fs.closeSync(both);
  }
}
