import fs from 'node:fs';

/** Bytes that may wait for a reader that does not read before further lines are dropped. */
const QUEUE_LIMIT = 1024 * 1024;
const RETRY_MS = 50;

/** Where text for people and machines goes. Never throws and never stalls the program because a reader is gone or slow. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal in columns, 80 where there is none. */
  readonly columns: number;
  /** Height of the terminal in lines; undefined where there is none. */
  readonly rows?: number | undefined;
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
    const bytes = Buffer.from(text);
    if (this.#queued + bytes.length > QUEUE_LIMIT) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (!this.#gone) {
      const head = this.#queue[0];
      if (head === undefined) break;
      const written = this.#writeSome(head);
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

  /** Bytes written, or undefined when the reader is slow: then it tries again later. A reader that is gone ends it all. */
  #writeSome(bytes: Buffer): number | undefined {
    try {
      this.#own ??= ownDescription(this.#inherited);
      return fs.writeSync(this.#own, bytes);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') {
        this.#timer = setTimeout(() => this.#flush(), RETRY_MS);
        this.#timer.unref();
        return undefined;
      }
      this.#gone = true;
      this.#queue = [];
      return 0;
    }
  }
}

/**
 * A non-blocking file description of our own for a pipe or terminal: katran inherits the original, which must stay
 * blocking for it. Other files (a regular file has an offset, a socket cannot be opened again) are used as they are.
 */
function ownDescription(descriptor: number): number {
  try {
    const kind = fs.fstatSync(descriptor);
    if (!kind.isFIFO() && !kind.isCharacterDevice()) return descriptor;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
    return fs.openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}
