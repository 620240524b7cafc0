import { performance } from 'node:perf_hooks';

/** Time, handed in so that tests can turn it. */
export interface Clock {
  /** Milliseconds that never jump, unlike the time of day. */
  now(): number;
  /** Calls `action` every so many ms until the returned function is called; does not keep the process alive. */
  every(milliseconds: number, action: () => void): () => void;
  /** Calls `action` once after so many ms unless the returned function is called; does not keep the process alive. */
  after(milliseconds: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  every: (milliseconds, action) => {
    const timer = setInterval(action, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  },
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
