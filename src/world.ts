import { DescriptorOutput, type Output, type Terminal } from './terminal/output.ts';

/** All that a run takes from its process: the one place that touches process.argv, process.env and process.on. */
export interface World {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Effective user id. */
  readonly uid: number;
  readonly pid: number;
  /** How to run this very program again with other arguments. */
  readonly self: readonly [string, ...string[]];
  /** Calls the listener for each of these signals instead of dying; gives back what takes the listeners off. */
  onSignals(signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void): () => void;
  /** Calls the listener for an error that nobody caught, instead of dying of it; gives back what takes it off. */
  onUncaught(listener: (error: unknown) => void): () => void;
}

const positive = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;

/** Asked only when something depends on it: the runtime builds its streams, and loads what they are made of, for the answer. */
function terminalOf(stream: 'stdout' | 'stderr'): Terminal {
  return {
    get attached() {
      return process[stream].isTTY;
    },
    get columns() {
      return positive(process[stream].columns);
    },
    get rows() {
      return positive(process[stream].rows);
    },
  };
}

/** The world of this process. */
export function processWorld(): World {
  const script = process.argv[1];
  // A compiled binary has a virtual path there; a bundle has the file that Node was given.
  const compiled = script === undefined || script.startsWith('/$bunfs/');
  return {
    argv: process.argv.slice(2),
    environment: process.env,
    stdout: new DescriptorOutput(1, terminalOf('stdout')),
    stderr: new DescriptorOutput(2, terminalOf('stderr')),
    uid: process.geteuid?.() ?? 0,
    pid: process.pid,
    self: compiled ? [process.execPath] : [process.execPath, script],
    onSignals: (signals, listener) => {
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    onUncaught: (listener) => {
      process.on('uncaughtException', listener).on('unhandledRejection', listener);
      return () => process.off('uncaughtException', listener).off('unhandledRejection', listener);
    },
  };
}
