import type { QueueOrder } from './text.ts';

const ORDERS: Readonly<Record<string, QueueOrder>> = { r: 'rate', n: 'queue', c: 'CPU' };
/** Lines that two pages have in common, so that the eye finds on. */
const OVERLAP = 1;

/** Which part of a report that is longer than the terminal is shown, and in which order its queues are. */
export class View {
  #offset = 0;
  #order: QueueOrder = 'rate';
  /** Lines of the last frame, and how many of them were shown. */
  #length = 0;
  #height = 1;

  get order(): QueueOrder {
    return this.#order;
  }

  /** Does what the key means; false: it means nothing here. */
  press(key: string): boolean {
    const order = ORDERS[key];
    if (order !== undefined) {
      this.#order = order;
      return true;
    }
    const page = Math.max(1, this.#height - OVERLAP);
    const steps: Readonly<Record<string, number>> = {
      up: -1,
      down: 1,
      'page up': -page,
      'page down': page,
      home: Number.NEGATIVE_INFINITY,
      end: Number.POSITIVE_INFINITY,
    };
    const step = steps[key];
    if (step === undefined) return false;
    this.#offset = this.#within(this.#offset + step);
    return true;
  }

  /** The lines on a terminal that has so many rows for them; a line that tells where one is takes the last row when not all are shown. */
  shown(lines: readonly string[], rows: number): string[] {
    this.#length = lines.length;
    this.#height = lines.length <= rows ? rows : Math.max(1, rows - 1);
    this.#offset = this.#within(this.#offset);
    const part = lines.slice(this.#offset, this.#offset + this.#height);
    if (lines.length <= rows) return part;
    const where = `lines ${this.#offset + 1}-${this.#offset + part.length} of ${lines.length}`;
    return [...part, `${where}: arrows, PgUp, PgDn, Home, End; r rate, n queue, c CPU`];
  }

  #within(offset: number): number {
    return Math.max(0, Math.min(offset, this.#length - this.#height));
  }
}
