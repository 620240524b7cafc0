import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf, messageOf } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { INHERITED_OUTPUT, type KatranOutput } from '../katran/output.ts';
import { startChild, type Child } from '../tools/child.ts';
import type { Tools } from '../tools/toolbox.ts';
import { RELAY_ARGUMENT } from './marker.ts';
import { makePipes, type Pipe } from './pipe.ts';

/** How long the rest of katran's output may take after katran's end, when its reader is slow. */
const DRAIN_MS = 5_000;
const RETRY_MS = 10;
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;

export interface RelayOptions {
  /** How to run this very program again. */
  readonly self: readonly [string, ...string[]];
  readonly environment: NodeJS.ProcessEnv;
  readonly tools: Tools;
  readonly log: Log;
}

/**
 * Starts the relay, which wraps katran's lines as JSON. Katran writes into pipes and would die of SIGPIPE with their
 * reader (katran closes nothing down then: its XDP program stays), so that the reader must outlive the launcher: it is a
 * process of its own, in a session of its own. The launcher holds the read ends too, and starts another relay on them
 * should this one die. Never rejects: where there can be no relay, katran's lines stay as they are, with a warning.
 */
export async function startRelay({ self, environment, tools, log }: RelayOptions): Promise<KatranOutput> {
  try {
    const pipes = await makePipes(['stdout', 'stderr'] as const, tools);
    const mark = `[end of katran's output ${randomUUID()}]`;
    const spawn = (out: number, err: number) => spawnRelay(self, environment, mark, out, err);
    const output = new RelayedOutput(pipes, mark, spawn, log);
    await output.begin();
    return output;
  } catch (error) {
    log.warn(
      `katran's own lines will not be JSON: cannot make the pipes for them: ${messageOf(error)}; ` +
        `mkfifo must be in PATH and the directory for temporary files writable`,
    );
    return INHERITED_OUTPUT;
  }
}

function spawnRelay(
  [file, ...rest]: RelayOptions['self'],
  environment: NodeJS.ProcessEnv,
  mark: string,
  stdout: number,
  stderr: number,
): Promise<Child> {
  return startChild(file, [...rest, RELAY_ARGUMENT, mark], {
    streams: ['inherit', 'inherit', stdout, stderr],
    directory: '/',
    environment,
  });
}

class RelayedOutput implements KatranOutput {
  readonly #pipes: Readonly<Record<'stdout' | 'stderr', Pipe>>;
  readonly #mark: string;
  readonly #spawn: (stdout: number, stderr: number) => Promise<Child>;
  readonly #log: Log;
  readonly #drained: Promise<void>;
  #setDrained: () => void = () => undefined;
  #relay: Child | undefined;
  #handedOver = false;
  #closing = false;
  #finishing = false;
  #starting = false;
  #closed: Promise<void> | undefined;
  #restartMs = FIRST_RESTART_MS;
  #restart: NodeJS.Timeout | undefined;

  constructor(
    pipes: Readonly<Record<'stdout' | 'stderr', Pipe>>,
    mark: string,
    start: (stdout: number, stderr: number) => Promise<Child>,
    log: Log,
  ) {
    this.#pipes = pipes;
    this.#mark = mark;
    this.#spawn = start;
    this.#log = log;
    this.#drained = new Promise((resolve) => (this.#setDrained = resolve));
  }

  get stdout(): number {
    return this.#pipes.stdout.write;
  }

  get stderr(): number {
    return this.#pipes.stderr.write;
  }

  handedOver(): void {
    if (this.#handedOver) return;
    this.#handedOver = true;
    fs.closeSync(this.#pipes.stdout.write);
    fs.closeSync(this.#pipes.stderr.write);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.handedOver();
    const over = new AbortController();
    const late = pause(DRAIN_MS, 'late' as const, { signal: over.signal }).catch(() => undefined);
    this.#finishing = true;
    clearTimeout(this.#restart);
    // What a relay that has died left in the pipes: the last try, at once.
    if (this.#relay === undefined && !this.#starting) void this.begin();
    const { stdout, stderr } = this.#pipes;
    const marked = Promise.all([stdout, stderr].map(({ own }) => this.#markEnd(own, over.signal)));
    if ((await Promise.race([this.#drained, late])) === 'late') {
      this.#closing = true;
      this.#log.warn(`nobody read the rest of katran's output for ${DRAIN_MS} ms; it is dropped`);
      this.#relay?.kill('SIGKILL');
    }
    this.#closing = true;
    over.abort();
    await marked;
    for (const { read, own } of [stdout, stderr]) {
      fs.closeSync(own);
      fs.closeSync(read);
    }
  }

  /** Says in the pipe that nothing of katran follows. It is full while its reader is slow. */
  async #markEnd(own: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        // Less than PIPE_BUF: all of it or nothing.
        fs.writeSync(own, this.#mark);
        return;
      } catch (error) {
        if (errnoOf(error) !== 'EAGAIN') return;
        await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Starts a relay. Never rejects: one that cannot be started is tried again, while katran lives. */
  async begin(): Promise<void> {
    const began = performance.now();
    this.#starting = true;
    let relay: Child;
    try {
      relay = await this.#spawn(this.#pipes.stdout.read, this.#pipes.stderr.read);
    } catch (error) {
      const how = `could not be started: ${messageOf(error)}`;
      if (this.#finishing) this.#lose(how);
      else this.#again(how, performance.now() - began);
      return;
    } finally {
      this.#starting = false;
    }
    this.#relay = relay;
    if (this.#closing) relay.kill('SIGKILL');
    void relay.exited.then(({ code, signal }) => {
      // It ends by itself only when both pipes have.
      if (code === 0) this.#setDrained();
      else
        this.#again(
          `(pid ${relay.pid}) ended with ${signal ?? `status ${code ?? '?'}`}`,
          performance.now() - began,
        );
    });
  }

  /** Katran has ended, and there is nobody who would write its last lines. */
  #lose(how: string): void {
    if (this.#closing) return;
    this.#log.warn(`the relay of katran's output ${how}; the rest of the output is lost`);
    this.#setDrained();
  }

  /** The pipes are still there and keep what katran writes meanwhile: another relay takes over. */
  #again(how: string, livedMs: number): void {
    this.#relay = undefined;
    if (this.#closing) return;
    if (livedMs > LAST_RESTART_MS) this.#restartMs = FIRST_RESTART_MS;
    this.#log.warn(`the relay of katran's output ${how}; starting another in ${this.#restartMs} ms`);
    this.#restart = setTimeout(() => void this.begin(), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, LAST_RESTART_MS);
  }
}
