import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { bpfElfHeader } from '../../support/bpf-elf-header.ts';
import { ENVIRONMENT, until } from './kernel.ts';
import { PROGRAM, environment } from './notebook.ts';
import type { Ending } from './notebook.ts';

const BALANCER = '/run/balancer.bpf.o';
/** For what takes the program one round of the guard (5 s) and a bit, on a machine that emulates many CPUs on one. */
const PATIENCE_MS = 20_000;
/** For the start of both programs: seconds, but minutes where other work takes the machine's CPUs away. */
const START_MS = 150_000;

/** A start-katran that goes on running, with the katran double behind it. */
export class Launch {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stdout = '';
  #stderr = '';

  constructor(...args: string[]) {
    writeFileSync(BALANCER, bpfElfHeader());
    const katran = [
      '-binary',
      environment('KATRAN_DOUBLE'),
      '-balancer_bpf',
      BALANCER,
      // The double attaches no program here.
      '-forwarding_guard',
      'off',
      '-shutdown_delay',
      '100',
      '-start_timeout',
      String(START_MS),
    ];
    this.#child = spawn(PROGRAM, [...katran, '-lru_size', '1000', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: ENVIRONMENT,
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#ended = once(this.#child, 'close');
  }

  /** Launches and comes back when katran is up; throws with the program's own words when it does not get there. */
  static async up(...args: string[]): Promise<Launch> {
    const launch = new Launch('-run', ...args);
    if (await launch.says(/katran is up and running/, 0, START_MS)) return launch;
    throw new Error(`katran did not come up: ${JSON.stringify(await launch.stop())}`);
  }

  /** What is on stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Waits for `pattern` on stderr after the first `from` characters; false when it did not come, or the program ended. */
  async says(pattern: RegExp, from = 0, limitMs = PATIENCE_MS): Promise<boolean> {
    await until(() => this.#over || pattern.test(this.#stderr.slice(from)), limitMs);
    return pattern.test(this.#stderr.slice(from));
  }

  get #over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM as from an init system, with SIGKILL after some seconds as there. */
  stop(): Promise<Ending> {
    this.signal('SIGTERM');
    return this.end();
  }

  async end(): Promise<Ending> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    await this.#ended;
    clearTimeout(late);
    return {
      status: this.#child.exitCode,
      signal: this.#child.signalCode,
      stdout: this.#stdout,
      stderr: this.#stderr,
    };
  }
}

/** Another program that runs beside start-katran. */
export class Daemon {
  readonly #child: ChildProcess;

  constructor(program: string, ...args: string[]) {
    this.#child = spawn(program, args, { stdio: 'ignore', env: ENVIRONMENT });
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
