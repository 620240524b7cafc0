import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf } from '../failure.ts';
import { LINE_BYTES } from './wrap-lines.ts';

const RETRY_MS = 10;
/** Sockets and files take this in one piece. */
const AT_ONCE_BYTES = 32 * 1024;

function writeOnce(descriptor: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(descriptor, bytes, 0, bytes.length, null, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
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

  /** How much may be written at once: as much as lands in one piece, between what others write into the same. */
  get pieceBytes(): number {
    try {
      return fs.fstatSync(this.#descriptor).isFIFO() ? LINE_BYTES : AT_ONCE_BYTES;
    } catch {
      return LINE_BYTES; // closed: the first write will find out
    }
  }

  async write(piece: Buffer): Promise<void> {
    let bytes = piece;
    while (bytes.length > 0 && !this.#gone) {
      try {
        bytes = bytes.subarray(await writeOnce(this.#descriptor, bytes));
      } catch (error) {
        switch (errnoOf(error)) {
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
