import fs from 'node:fs';
import { errnoOf } from '../failure.ts';
import { setTimeout as pause } from 'node:timers/promises';

/** Bytes that may wait for a reader that does not read before further lines are dropped. */
const QUEUE_LIMIT = 1024 * 1024;
const RETRY_MS = 50;
const FINISH_POLL_MS = 5;

/** What a text is laid out for. */
export interface Medium {
  readonly isTerminal: boolean;
  /** Width of the terminal in columns, 80 where there is none. */
  readonly columns: number;
  /** Height of the terminal in lines; undefined where there is none. */
  readonly rows?: number | undefined;
}

/** Where text for people and machines goes. Never throws and never stalls the program because a reader is gone or slow. */
export interface Output extends Medium {
  write(text: string): void;
  /**
   * Ends when all that was written has been taken, its reader has gone, or nothing was taken for so long. To be called last.
   * Gives the errno name of a write that failed (ENOSPC: a full disk); a reader that has gone is no failure.
   */
  finish(patienceMs: number): Promise<string | undefined>;
}

/** The terminal a descriptor may be, and what it says of its size now. */
export interface Terminal {
  readonly attached: boolean;
  readonly columns: number | undefined;
  readonly rows: number | undefined;
}

/** Writes directly into a file descriptor; keeps what a full pipe refuses and drops, counting, what exceeds the queue. */
export class DescriptorOutput implements Output {
  readonly #inherited: number;
  readonly #terminal: Terminal;
  #own: number | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #dropped = 0;
  #gone = false;
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(descriptor: number, terminal: Terminal) {
    this.#inherited = descriptor;
    this.#terminal = terminal;
  }

  get isTerminal(): boolean {
    return this.#terminal.attached;
  }

  get columns(): number {
    return this.#terminal.columns ?? 80;
  }

  get rows(): number | undefined {
    return this.#terminal.rows;
  }

  write(text: string): void {
    if (this.#gone || text === '') return;
    const length = Buffer.byteLength(text);
    const taken = this.#queued === 0 ? this.#writeAtOnce(text, length) : 0;
    if (taken === length) return;
    // One text is never refused for its length: a plan of thousands of vectors is one.
    if (this.#queued > 0 && this.#queued + length > QUEUE_LIMIT) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(Buffer.from(text).subarray(taken));
    this.#queued += length - taken;
    this.#flush();
  }

  async finish(patienceMs: number): Promise<string | undefined> {
    let left = this.#queued;
    let takenAt = performance.now();
    while (this.#queued > 0 && !this.#gone && performance.now() - takenAt < patienceMs) {
      await pause(FINISH_POLL_MS);
      this.#flush();
      if (this.#queued < left) takenAt = performance.now();
      left = this.#queued;
    }
    return this.#failure;
  }

  /** Nearly every text is taken at once and needs no copy that could wait. Gives the bytes that are done with. */
  #writeAtOnce(text: string, length: number): number {
    const written = this.#writeSome(text, length) ?? 0;
    return this.#gone ? length : written;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (!this.#gone) {
      const head = this.#queue[0];
      if (head === undefined) break;
      const written = this.#writeSome(head, head.length);
      if (written === undefined) return;
      this.#queued -= written;
      if (written === head.length) this.#queue.shift();
      else this.#queue[0] = head.subarray(written);
    }
    if (this.#dropped > 0 && !this.#gone) {
      const lost = this.#dropped;
      this.#dropped = 0;
      this.write(`(${lost} lines were dropped here: nobody read them)\n`);
    }
  }

  /** Bytes that are done with, or undefined when the reader is slow: then it tries again later. */
  #writeSome(bytes: Buffer | string, length: number): number | undefined {
    try {
      this.#own ??= ownDescription(this.#inherited);
      return typeof bytes === 'string' ? fs.writeSync(this.#own, bytes) : fs.writeSync(this.#own, bytes);
    } catch (error) {
      const code = errnoOf(error) ?? 'EIO';
      if (code === 'EAGAIN') {
        this.#timer = setTimeout(() => this.#flush(), RETRY_MS);
        this.#timer.unref();
        return undefined;
      }
      if (READER_GONE.has(code)) {
        this.#gone = true;
        this.#queue = [];
        this.#queued = 0;
        return 0;
      }
      // A full disk may have room again for the next line.
      this.#failure = code;
      return length;
    }
  }
}

/** The pipe has no reader, the descriptor is closed, the terminal has gone. */
const READER_GONE = new Set(['EPIPE', 'EBADF', 'EIO', 'ECONNRESET']);

/**
 * A non-blocking file description of our own for a pipe or terminal: katran inherits the original, which must stay
 * blocking for it. Other files (a regular file has an offset, a socket cannot be opened again) are used as they are.
 */
function ownDescription(descriptor: number): number {
  try {
    const kind = fs.fstatSync(descriptor);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return descriptor;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
    // eslint-disable-next-line no-restricted-syntax -- no kernel file, but this process's own descriptor: only so is there a second description
    return fs.openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}
