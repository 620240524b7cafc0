import fs from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { isJournal } from './terminal/journal-stream.ts';
import { DescriptorOutput, type Output, type Terminal } from './terminal/output.ts';

/** A terminal whose keys are listened to. */
export interface Keyboard {
  /** Listens on, after release(). */
  hold(): void;
  /** The terminal is as it was, and is read no more. */
  release(): void;
}

/** All that a run takes from its process: the one place that touches the process. */
export interface World {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Whether stderr goes to the journal. */
  readonly journal: boolean;
  readonly pid: number;
  /** Kills a process that is no child of this one (SIGKILL); one that is gone already is none of its business. */
  endProcess(pid: number): void;
  /** Sends a signal to a process, or to a process group (its id, negative); one that is gone is none of its business. */
  signalProcess(id: number, signal: NodeJS.Signals): void;
  /** How to run this very program again with other arguments. */
  readonly self: readonly [string, ...string[]];
  /** Calls the listener for each of these signals instead of dying; gives back what takes the listeners off. */
  onSignals(signals: readonly NodeJS.Signals[], listener: (signal: NodeJS.Signals) => void): () => void;
  /** Stops this process, as Ctrl-Z does, until somebody continues it. */
  suspend(): void;
  /**
   * Calls the listener with what is typed, key by key and without showing it, where stdin is a terminal; undefined where it is none. Ctrl-C
   * and Ctrl-Z are then no signals, but what is typed.
   */
  keyboard(listener: (text: string) => void): Keyboard | undefined;
  /** Calls the listener for an error that nobody caught, instead of dying of it; gives back what takes it off. */
  onUncaught(listener: (error: unknown) => void): () => void;
}

const positive = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;

/** Major number of the memory devices, /dev/null among them: Documentation/admin-guide/devices.txt. */
const MEMORY_DEVICES = 1;

/** Loading node:tty takes as long as reading and checking the flags, so it is asked only of what may be a terminal. */
function isTerminal(descriptor: number): boolean {
  try {
    const status = fs.fstatSync(descriptor);
    if (!status.isCharacterDevice() || ((status.rdev >> 8) & 0xfff) === MEMORY_DEVICES) return false;
  } catch {
    // A closed descriptor is no terminal.
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(descriptor);
}

/** The runtime's own stream is asked for only where it is a terminal: see withoutStreams. */
function terminalOf(descriptor: number, stream: 'stdout' | 'stderr'): Terminal {
  const attached = isTerminal(descriptor);
  return {
    attached,
    get columns() {
      return attached ? positive(process[stream].columns) : undefined;
    },
    get rows() {
      return attached ? positive(process[stream].rows) : undefined;
    },
  };
}

/**
 * The runtime builds process.stdin, stdout and stderr for whoever looks at them, as a library does when it is loaded, and makes a
 * pipe or socket there non-blocking. Katran inherits the very same and would lose lines whenever their reader is slow. So these
 * are streams of ours, which do nothing before they are used, and are loaded only then. A terminal the runtime opens anew for
 * itself.
 */
function withoutStreams(): void {
  const streams = (): typeof import('node:stream') => process.getBuiltinModule('node:stream');
  const output = (descriptor: number): Writable =>
    new (streams().Writable)({
      write: (chunk: Buffer, _encoding, done) => fs.write(descriptor, chunk, (error) => done(error)),
    });
  const input = (): Readable => streams().Readable.from([]);
  const standard = [
    ['stdin', 0, input],
    ['stdout', 1, () => output(1)],
    ['stderr', 2, () => output(2)],
  ] as const;
  for (const [name, descriptor, make] of standard) {
    if (isTerminal(descriptor)) continue;
    let stream: Readable | Writable | undefined;
    // One runtime builds its stream when the property is defined anew, unless a value was put there before; the other refuses the value.
    Reflect.set(process, name, undefined);
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => (stream ??= make()),
    });
  }
}

function send(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch {
    // It is gone, or not ours: whoever waits for its end sees that.
  }
}

function keyboardOf(listener: (text: string) => void): Keyboard | undefined {
  if (!isTerminal(0)) return undefined;
  const { stdin } = process;
  const hear = (typed: Buffer | string): void => listener(String(typed));
  const keyboard = {
    hold: () => {
      stdin.setRawMode(true);
      stdin.off('data', hear).on('data', hear);
      stdin.resume();
    },
    release: () => {
      stdin.off('data', hear);
      stdin.pause();
      stdin.setRawMode(false);
    },
  };
  keyboard.hold();
  return keyboard;
}

/** The world of this process. */
export function processWorld(): World {
  withoutStreams();
  const script = process.argv[1];
  // A compiled binary has a virtual path there; a bundle has the file that Node was given.
  const compiled = script === undefined || script.startsWith('/$bunfs/');
  return {
    argv: process.argv.slice(2),
    environment: process.env,
    stdout: new DescriptorOutput(1, terminalOf(1, 'stdout')),
    stderr: new DescriptorOutput(2, terminalOf(2, 'stderr')),
    journal: isJournal(2, process.env.JOURNAL_STREAM),
    pid: process.pid,
    endProcess: (pid) => send(pid, 'SIGKILL'),
    signalProcess: send,
    self: compiled ? [process.execPath] : [process.execPath, script],
    onSignals: (signals, listener) => {
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    suspend: () => void process.kill(process.pid, 'SIGSTOP'),
    keyboard: keyboardOf,
    onUncaught: (listener) => {
      process.on('uncaughtException', listener).on('unhandledRejection', listener);
      return () => process.off('uncaughtException', listener).off('unhandledRejection', listener);
    },
  };
}
