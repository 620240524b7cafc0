import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from './patience.ts';

const top = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The two things that are shipped; suites run on each of them. */
export interface Artifact {
  readonly name: string;
  /** What to execute, and what to put before the arguments. */
  readonly file: string;
  readonly prefix: readonly string[];
}

export const BINARY: Artifact = {
  name: 'dist/start-katran',
  file: path.join(top, 'dist/start-katran'),
  prefix: [],
};
export const BUNDLE: Artifact = {
  name: 'node dist/start-katran.cjs',
  file: process.execPath,
  prefix: [path.join(top, 'dist/start-katran.cjs')],
};
export const ARTIFACTS: readonly Artifact[] = [BINARY, BUNDLE];

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Words to put before the program: `['ip', 'netns', 'exec', 'name']`. */
  readonly within?: readonly string[];
  /** A descriptor of the test's that the launcher gets as its stderr; `stderr` of what ended is empty then. */
  readonly stderr?: number;
}

/** A launcher that runs. Its environment is only PATH and what the test gave. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  #listeners = new Set<() => void>();

  constructor(artifact: Artifact, args: readonly string[], options: RunOptions = {}) {
    const [file = '', ...rest] = [...(options.within ?? []), artifact.file, ...artifact.prefix, ...args];
    this.child = spawn(file, rest, {
      stdio: ['ignore', 'pipe', options.stderr ?? 'pipe'],
      cwd: options.cwd,
      env: { PATH: process.env.PATH, ...options.env },
    });
    this.child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#stdout += text;
      this.#changed();
    });
    this.child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.#stderr += text;
      this.#changed();
    });
    this.ended = once(this.child, 'close').then(([status, signal]: unknown[]) => ({
      status: typeof status === 'number' ? status : null,
      signal: isSignal(signal) ? signal : null,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
    this.child.once('close', () => this.#changed());
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the launcher could not be started');
    return this.child.pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until stderr holds a match; rejects with all output when the launcher ends, or the time is over, before that. */
  async saysOnStderr(pattern: RegExp, timeoutMs = PATIENCE_MS): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.#stderr), String(pattern), timeoutMs);
  }

  /** Waits until it says that katran is up. */
  async isUp(): Promise<void> {
    await this.saysOnStderr(/katran is up and running/);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks it to stop, and gives how it ended. */
  stop(): Promise<Ended> {
    this.kill('SIGTERM');
    return this.ended;
  }

  /** Kills it, and not its katran: that goes on, and keeps the launcher's output open. */
  async killAlone(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.kill('SIGKILL');
    await exited;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #until<T>(look: () => T | null, what: string, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(check);
      };
      const fail = (why: string): void => {
        done();
        reject(new Error(`${why} without ${what}\nstdout:\n${this.#stdout}\nstderr:\n${this.#stderr}`));
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms went by`), timeoutMs);
      const check = (): void => {
        const found = look();
        if (found !== null) {
          done();
          resolve(found);
        } else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          if (this.child.stderr?.closed === true) fail('the launcher ended');
        }
      };
      this.#listeners.add(check);
      check();
    });
  }
}

function isSignal(value: unknown): value is NodeJS.Signals {
  return typeof value === 'string' && value.startsWith('SIG');
}

/** Runs the launcher to its end. */
export function runLauncher(
  artifact: Artifact,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  return new Running(artifact, args, options).ended;
}

/** An empty directory of this test's own, removed by the returned function. */
export function scratch(prefix = 'start-katran-test-'): { path: string; remove(): void } {
  const directory = fs.mkdtempSync(path.join('/tmp', prefix));
  return { path: directory, remove: () => fs.rmSync(directory, { recursive: true, force: true }) };
}
