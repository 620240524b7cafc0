import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const RETRY_MS = 10;

function writeOnce(descriptor: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(descriptor, bytes, 0, bytes.length, null, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/**
 * Writes into a descriptor and waits as long as its reader is slow. When the reader is gone it takes everything and throws it
 * away: whoever writes to us must not stop, let alone die, because nobody listens any more.
 */
export class Sink {
  readonly #descriptor: number;
  #gone = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async write(piece: string): Promise<void> {
    let bytes: Buffer = Buffer.from(piece);
    while (bytes.length > 0 && !this.#gone) {
      try {
        bytes = bytes.subarray(await writeOnce(this.#descriptor, bytes));
      } catch (error) {
        switch (codeOf(error)) {
          case 'EINTR':
            break;
          case 'EAGAIN': // somebody else made it non-blocking
            await pause(RETRY_MS);
            break;
          case 'ENOSPC': // there may be room for the next one
          case 'EDQUOT':
            return;
          default:
            this.#gone = true;
        }
      }
    }
  }
}
