import { priorityOf } from '../log/priority.ts';
import { levelOfKatranLine, type KatranLevel } from './katran-line.ts';

export type KatranStream = 'stdout' | 'stderr';

/**
 * Bytes of a JSON line at most, line feed included. A pipe takes that many in one piece (PIPE_BUF, pipe(7)), so that a line
 * of the launcher never lands inside one of katran's.
 */
export const LINE_BYTES = 4096;
/** What everything around the message takes at most. */
const ENVELOPE_BYTES = 200;
const LINE_FEED = 0x0a;
const MESSAGE_BYTES = LINE_BYTES - ENVELOPE_BYTES;
/** JSON.stringify makes up to six bytes of a UTF-16 unit (`\u0000`), and two quotes: so many units fit for sure. */
const SURELY_FITTING = Math.floor(MESSAGE_BYTES / 6) - 2;

/** UTF-16 units of the text that fit a message; the whole text if it fits. A pair of surrogates is not cut. */
function fitting(text: string): number {
  if (text.length <= SURELY_FITTING) return text.length;
  let units = Math.min(text.length, MESSAGE_BYTES);
  for (;;) {
    const bytes = Buffer.byteLength(JSON.stringify(text.slice(0, units)));
    if (bytes <= MESSAGE_BYTES) break;
    units = Math.floor((units * MESSAGE_BYTES) / bytes);
  }
  if (units === text.length) return units;
  const last = text.charCodeAt(units - 1);
  return last >= 0xd800 && last <= 0xdbff ? units - 1 : units;
}

/**
 * Makes JSON log lines of what katran writes on one stream:
 * `{"level":"info","time":"…","source":"katran","stream":"stderr","msg":"…"}`. The message is katran's line as it is; bytes
 * that are no UTF-8 become U+FFFD. A line too long for one piece comes in several, which have `"part":1`, `"part":2`, … and
 * `"more":true` on all but the last. Memory is bounded whatever katran writes.
 */
export class LineWrapper {
  readonly #now: () => number;
  readonly #pieceBytes: number;
  readonly #about: string;
  readonly #journal: boolean;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #level: KatranLevel = 'info';
  /** The beginning of a line whose end has not come yet; shorter than a piece. */
  #pending = '';
  /** Parts of the current line that are out already. */
  #parts = 0;
  #pieces: Buffer[] = [];
  #piece = '';

  /**
   * `pieceBytes`: how much may be written at once, LINE_BYTES or more. `journal`: the lines go to the journal, and each begins with
   * its severity.
   */
  constructor(stream: KatranStream, now: () => number, pieceBytes: number, journal = false) {
    this.#now = now;
    this.#pieceBytes = pieceBytes;
    this.#journal = journal;
    this.#about = `"source":"katran","stream":"${stream}"`;
  }

  /** Takes the next bytes; gives what is to be written, each element with one write. */
  push(bytes: Uint8Array): readonly Buffer[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }), false);
  }

  /** After the last byte: the line that had no line feed, if there is one. */
  end(): readonly Buffer[] {
    return this.#take(this.#decoder.decode(), true);
  }

  #take(text: string, last: boolean): readonly Buffer[] {
    const time = new Date(this.#now()).toISOString();
    let from = 0;
    for (let to = text.indexOf('\n'); to !== -1; to = text.indexOf('\n', from)) {
      this.#line(this.#pending + text.slice(from, to), time);
      this.#pending = '';
      from = to + 1;
    }
    this.#pending += text.slice(from);
    while (this.#pending.length > MESSAGE_BYTES) this.#pending = this.#part(this.#pending, time);
    if (last && (this.#pending !== '' || this.#parts > 0)) {
      this.#line(this.#pending, time);
      this.#pending = '';
    }
    this.#endPiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** The rest of a line, its end included. */
  #line(text: string, time: string): void {
    let rest = text;
    while (fitting(rest) < rest.length) rest = this.#part(rest, time);
    if (this.#parts === 0) this.#level = levelOfKatranLine(rest, this.#level);
    this.#emit(rest, time, this.#parts === 0 ? '' : `,"part":${this.#parts + 1},"more":false`);
    this.#parts = 0;
  }

  /** Emits as much of a line as fits; gives what is left. */
  #part(text: string, time: string): string {
    if (this.#parts === 0) this.#level = levelOfKatranLine(text, this.#level);
    const units = fitting(text);
    this.#parts += 1;
    this.#emit(text.slice(0, units), time, `,"part":${this.#parts},"more":true`);
    return text.slice(units);
  }

  #emit(message: string, time: string, more: string): void {
    const priority = this.#journal ? priorityOf(this.#level) : '';
    const line = `${priority}{"level":"${this.#level}","time":"${time}",${this.#about}${more},"msg":${JSON.stringify(message)}}\n`;
    // Units are not bytes, but katran hardly writes anything else than ASCII; endPiece() makes sure.
    if (this.#piece.length + line.length > this.#pieceBytes) this.#endPiece();
    this.#piece += line;
  }

  #endPiece(): void {
    if (this.#piece === '') return;
    const bytes = Buffer.from(this.#piece);
    this.#piece = '';
    let from = 0;
    while (bytes.length - from > this.#pieceBytes) {
      const to = bytes.lastIndexOf(LINE_FEED, from + this.#pieceBytes - 1) + 1;
      this.#pieces.push(bytes.subarray(from, to));
      from = to;
    }
    this.#pieces.push(bytes.subarray(from));
  }
}
