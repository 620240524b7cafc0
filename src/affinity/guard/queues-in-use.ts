import { messageOf } from '../../failure.ts';
import { countReceiveQueues } from '../../linux/receive-queues.ts';
import type { Root } from '../../linux/root.ts';

/** How many receive queues of interfaces are in use: virtio_net, and mlx5 before Linux 6.6, change that and leave the vectors as they are. */
export class QueuesInUse {
  readonly #root: Root;
  readonly #counts = new Map<string, number>();

  constructor(root: Root) {
    this.#root = root;
  }

  /**
   * A text that stays the same as long as the numbers do. An interface whose queues cannot be listed has as many as when they could;
   * the reason goes to `troubles`.
   */
  read(names: readonly string[], troubles: Set<string>): string {
    return names.map((name) => `${name} ${this.#count(name, troubles)}`).join('\n');
  }

  #count(name: string, troubles: Set<string>): number | undefined {
    try {
      this.#counts.set(name, countReceiveQueues(this.#root, name));
    } catch (error) {
      troubles.add(messageOf(error));
    }
    return this.#counts.get(name);
  }
}
