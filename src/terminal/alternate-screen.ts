import { stripVTControlCharacters } from 'node:util';
import type { Output } from './output.ts';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[?25h\x1b[?1049l';
/** Terminals that know this show a frame only when it is complete; the others ignore it. */
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';

/** The terminal's second screen: what is drawn there never scrolls, and what was there before comes back. */
export class AlternateScreen {
  readonly #output: Output;

  #entered = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Draws the lines from the top, cut to the height of the terminal; the last line then tells how many are missing. */
  draw(lines: readonly string[]): void {
    const { rows = 24, columns } = this.#output;
    const cut = lines.length - rows;
    const shown =
      cut <= 0
        ? lines
        : [
            ...lines.slice(0, rows - 1),
            `(${cut + 1} more lines: make the window higher, or leave -watch out)`,
          ];
    const enter = this.#entered ? '' : ENTER;
    this.#entered = true;
    // Each line is cleared behind its text, never before it: nothing flickers. After a full line the cursor still stands on its
    // last character, which clearing would take.
    const drawn = shown.map((line) =>
      stripVTControlCharacters(line).length < columns ? `${line}\x1b[K` : line,
    );
    const below = shown.length < rows ? `\x1b[${shown.length + 1};1H\x1b[J` : '';
    this.#output.write(`${enter}${BEGIN}\x1b[?7l\x1b[H${drawn.join('\r\n')}${below}\x1b[?7h${END}`);
  }

  leave(): void {
    if (this.#entered) this.#output.write(LEAVE);
    this.#entered = false;
  }
}
