import type { KernelEvent, KernelEvents, KernelListener } from '../../src/tools/ip-monitor.ts';
import { MonitorLines } from '../../src/tools/monitor-lines.ts';

/** A kernel that tells what the test says, in the words of `ip monitor`. */
export interface ToldKernel extends KernelEvents {
  live: boolean;
  tell(...lines: string[]): void;
  readonly listeners: number;
}

export function toldKernel(): ToldKernel {
  const listeners = new Map<KernelListener, ReadonlySet<string>>();
  return {
    live: true,
    get listeners() {
      return listeners.size;
    },
    tell: (...lines) => {
      const events: readonly KernelEvent[] = new MonitorLines().take(`${lines.join('\n')}\n`);
      for (const [listener, kinds] of listeners) {
        const wanted = events.filter(({ kind }) => kinds.has(kind));
        if (wanted.length > 0) listener(wanted);
      }
    },
    subscribe: (kinds, listener) => {
      listeners.set(listener, new Set(['unsure', ...kinds]));
      return () => void listeners.delete(listener);
    },
    close: () => Promise.resolve(),
  };
}
