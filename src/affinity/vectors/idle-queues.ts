import type { DriverNames } from './driver-names.ts';
import type { Role } from '../types.ts';

interface QueueLine {
  readonly role: Role;
  readonly queue: number | null;
  readonly known: boolean;
}

/**
 * The receive vectors whose queue is not in use: its number is not below the count of `queues/rx-*`. virtio_net and mlx5
 * (before 6.6) have interrupts for as many queues as there could be. Of drivers that begin to count elsewhere (tg3 with 1),
 * as many vectors as there are queues are in use, the lowest. Empty where names do not tell the queue.
 */
export function idleQueues<T extends QueueLine>(
  lines: readonly T[],
  driver: DriverNames | undefined,
  receiveQueues: number,
): ReadonlySet<T> {
  if (receiveQueues === 0 || driver?.queuesElsewhere === true) return new Set();
  const receive = lines
    .filter(({ role, queue, known }) => role === 'receive' && queue !== null && known)
    .sort((a, b) => (a.queue ?? 0) - (b.queue ?? 0));
  return new Set(receive.slice(receiveQueues).filter(({ queue }) => (queue ?? 0) >= receiveQueues));
}
