import type { DriverNames } from './driver-names.ts';
import type { Role } from '../types.ts';

interface Numbered {
  readonly irq: number;
  readonly role: Role;
  readonly number: number | null;
}

/** Turns the numbers in vector names into queue indexes, as the driver counts them. Keeps the order. */
export function numberQueues<T extends Numbered>(
  lines: readonly T[],
  driver: DriverNames | undefined,
  receiveQueues: number | undefined,
): (T & { queue: number | null })[] {
  switch (driver?.number ?? 'queue') {
    case 'vector':
      return byRank(lines);
    case 'block':
      return byHalf(lines);
    case 'queue':
      return byName(
        driver?.transmitBeyondQueues === true ? transmitBeyond(lines, receiveQueues ?? 0) : lines,
      );
  }
}

/** The number is the queue; receive vectors without one are counted by their position (several with one name). */
function byName<T extends Numbered>(lines: readonly T[]): (T & { queue: number | null })[] {
  let position = 0;
  return lines.map((line) => {
    if (line.role === 'control') return { ...line, queue: null };
    if (line.number !== null) return { ...line, queue: line.number };
    return { ...line, queue: line.role === 'receive' ? position++ : 0 };
  });
}

/** The number is a vector, or skips: the queue is its rank among the vectors of the same role. */
function byRank<T extends Numbered>(lines: readonly T[]): (T & { queue: number | null })[] {
  const ranks = new Map<T, number>();
  for (const role of ['receive', 'transmit'] as const)
    lines
      .filter((line) => line.role === role)
      .sort((a, b) => (a.number ?? 0) - (b.number ?? 0) || a.irq - b.irq)
      .forEach((line, rank) => ranks.set(line, rank));
  return lines.map((line) => ({ ...line, queue: ranks.get(line) ?? null }));
}

/** gve numbers notification blocks: the lower half transmits, the upper half receives. */
function byHalf<T extends Numbered>(lines: readonly T[]): (T & { queue: number | null })[] {
  const blocks = Math.max(0, ...lines.map((line) => (line.role === 'receive' ? (line.number ?? 0) + 1 : 0)));
  const half = Math.floor(blocks / 2);
  return lines.map((line) => {
    if (line.role !== 'receive') return { ...line, queue: null };
    const block = line.number ?? 0;
    return block >= half
      ? { ...line, queue: block - half }
      : { ...line, role: 'transmit' as const, queue: block };
  });
}

/** ena makes a vector per XDP transmit queue, with the name of a receiving one. */
function transmitBeyond<T extends Numbered>(lines: readonly T[], receiveQueues: number): T[] {
  return lines.map((line) =>
    line.role === 'receive' && receiveQueues > 0 && (line.number ?? 0) >= receiveQueues
      ? { ...line, role: 'transmit' as const }
      : line,
  );
}
