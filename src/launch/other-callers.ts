import { openRoot } from '../linux/root.ts';
import type { Root } from '../linux/root.ts';
import { acceptedConnections, othersConnected } from '../linux/tcp-callers.ts';

/** On a machine with many connections their table is long: it is read no more often than this. */
const TABLE_EVERY_MS = 10_000;

/**
 * Tells whether anybody but this launcher can have called a katran since the last question. Only a call changes what katran has, a call needs a
 * connection, and the kernel counts those that it accepts: as long as the count stands and nobody else is connected, katran has what it was given.
 */
export class OtherCallers {
  readonly #root: Root;
  readonly #pid: number;
  readonly #port: number;
  #accepted: number | undefined;
  /** All that was accepted up to now is closed, or our own. */
  #isAlone = false;
  #tableReadAt = Number.NEGATIVE_INFINITY;

  constructor(pid: number, port: number, root = openRoot('/')) {
    this.#root = root;
    this.#pid = pid;
    this.#port = port;
  }

  mayHaveCalled(): boolean {
    // First the count, then the table: what is accepted in between is in the next count.
    const accepted = acceptedConnections(this.#root, this.#pid);
    if (accepted === undefined) return true;
    if (accepted !== this.#accepted) {
      this.#accepted = accepted;
      this.#isAlone = false;
    }
    if (this.#isAlone) return false;
    if (performance.now() - this.#tableReadAt >= TABLE_EVERY_MS) {
      this.#tableReadAt = performance.now();
      this.#isAlone = !othersConnected(this.#root, this.#pid, this.#port);
    }
    // Also when nobody is connected now: somebody was, and may have called.
    return true;
  }
}
