/** Passes bytes on until a mark, which may come in pieces, and says when it has come. */
export class UntilMark {
  readonly #mark: Buffer;
  /** The end of what has come, if it may be the beginning of the mark. */
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(mark: string) {
    this.#mark = Buffer.from(mark);
  }

  /** Whether the mark has come; what comes after it is nobody's. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes the next bytes; gives those that are before the mark, and are not its beginning for sure. */
  push(bytes: Buffer): Buffer {
    if (this.#ended) return Buffer.alloc(0);
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const at = all.indexOf(this.#mark);
    this.#ended = at !== -1;
    const until = this.#ended ? at : all.length - this.#beginningAtEnd(all);
    // A copy: the reader uses its buffer again.
    this.#held = this.#ended ? Buffer.alloc(0) : Buffer.from(all.subarray(until));
    return all.subarray(0, until);
  }

  /** What was held back, when no more comes. */
  rest(): Buffer {
    return this.#held;
  }

  #beginningAtEnd(all: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, all.length); length > 0; length -= 1)
      if (all.subarray(all.length - length).equals(this.#mark.subarray(0, length))) return length;
    return 0;
  }
}
