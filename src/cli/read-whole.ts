import fs from 'node:fs';
import { errnoOf, messageOf } from '../failure.ts';

const LARGEST = 1_048_576;
/** For a pipe whose writer is slow. */
const PIPE_WAIT_MS = 5_000;
const PIPE_LOOK_MS = 10;

export type Read =
  | { readonly text: string; readonly problem?: undefined; readonly isAbsent?: undefined }
  | { readonly text?: undefined; readonly problem: string; readonly isAbsent: boolean };

const refused = (problem: string, isAbsent = false): Read => ({ problem, isAbsent });

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** What is there now: bytes, 0 at the end, or undefined when a writer may still bring some. */
function readNow(descriptor: number, buffer: Uint8Array): number | undefined {
  try {
    return fs.readSync(descriptor, buffer);
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

function readToEnd(descriptor: number, isPipe: boolean): Read {
  const chunks: Buffer[] = [];
  const deadline = performance.now() + PIPE_WAIT_MS;
  for (let size = 0; ;) {
    const buffer = Buffer.allocUnsafe(65_536);
    const count = readNow(descriptor, buffer);
    if (count === undefined) {
      if (!isPipe) return refused('it does not end; a flag file is a regular file');
      if (performance.now() > deadline)
        return refused(`nobody ended this pipe within ${PIPE_WAIT_MS / 1000} s`);
      pause(PIPE_LOOK_MS);
      continue;
    }
    if (count === 0) {
      if (isPipe && size === 0) return refused('it is a pipe that nobody wrote to');
      return { text: Buffer.concat(chunks).toString('utf8') };
    }
    chunks.push(buffer.subarray(0, count));
    size += count;
    if (size > LARGEST) return refused(`it is larger than ${LARGEST} bytes`);
  }
}

/**
 * The text of a regular file, or of a pipe that ends, of at most 1 MiB. Never waits for a writer that does not come, and never
 * reads a device: this is called as root with a path that was typed.
 */
export function readWhole(file: string): Read {
  let descriptor: number | undefined;
  try {
    const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
    descriptor = fs.openSync(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    const stat = fs.fstatSync(descriptor);
    if (stat.isDirectory()) return refused('it is a directory');
    if (!stat.isFile() && !stat.isFIFO()) return refused('it is neither a regular file nor a pipe');
    return readToEnd(descriptor, stat.isFIFO());
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return refused('no such file', true);
    return refused(errnoOf(error) ?? messageOf(error));
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
