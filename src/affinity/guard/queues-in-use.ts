import { messageOf } from '../../failure.ts';
import { memberNames } from '../../linux/net-device.ts';
import { countReceiveQueues } from '../../linux/receive-queues.ts';
import type { Root } from '../../linux/root.ts';

/**
 * Which devices an interface stands on, and how many of their receive queues are in use: a bond gets and loses members, virtio_net (and mlx5 before
 * Linux 6.6) takes queues in and out of use, and the vectors stay as they are.
 */
export class QueuesInUse {
  readonly #root: Root;
  readonly #interfaceName: string;
  #members: readonly string[];
  readonly #counts = new Map<string, number>();

  constructor(root: Root, interfaceName: string) {
    this.#root = root;
    this.#interfaceName = interfaceName;
    this.#members = [interfaceName];
  }

  /** A text that stays the same as long as they do. What cannot be listed is as it was when it could; the reason goes to `troubles`. */
  read(troubles: Set<string>): string {
    attempt(troubles, () => (this.#members = memberNames(this.#root, this.#interfaceName)));
    for (const name of this.#members)
      attempt(troubles, () => this.#counts.set(name, countReceiveQueues(this.#root, name)));
    return this.#members.map((name) => `${name} ${this.#counts.get(name)}`).join('\n');
  }
}

function attempt(troubles: Set<string>, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    troubles.add(messageOf(error));
  }
}
