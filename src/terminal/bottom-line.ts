import type { Output } from './output.ts';

/** A spinner's frame needs no more than this to be worth it, and a terminal that is lower has no line to spare. */
const LEAST_ROWS = 4;
const SAVE = '\x1b7';
const RESTORE = '\x1b8';

/**
 * The last line of a terminal, kept out of what scrolls: log lines, and the lines that katran writes to the same terminal by
 * itself, go on above it and cannot be garbled. Reaches no further than the cursor: what is on the screen stays there.
 */
export class BottomLine {
  readonly #output: Output;

  #rows: number | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Writes the text there, cut to the width of the terminal; it must hold no control characters. */
  show(text: string): void {
    const { rows, columns } = this.#output;
    if (rows === undefined || rows < LEAST_ROWS) return;
    // A resized terminal has forgotten its scrolling region.
    const reserve = this.#rows === rows ? '' : `\x1bD\x1b[A${SAVE}\x1b[1;${rows - 1}r${RESTORE}`;
    this.#rows = rows;
    this.#output.write(`${reserve}${SAVE}\x1b[${rows};1H\x1b[2K${text.slice(0, columns - 1)}${RESTORE}`);
  }

  /** Gives the line back, empty. */
  clear(): void {
    if (this.#rows === undefined) return;
    this.#output.write(`${SAVE}\x1b[r\x1b[${this.#rows};1H\x1b[2K${RESTORE}`);
    this.#rows = undefined;
  }
}
