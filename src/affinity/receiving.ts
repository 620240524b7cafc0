import type { Vector } from './types.ts';

/** The vectors on which packets arrive: receive vectors of queues that are in use. */
export function receiving<T extends Vector>(vectors: readonly T[]): T[] {
  return vectors.filter(({ role, idle }) => role === 'receive' && !idle);
}
