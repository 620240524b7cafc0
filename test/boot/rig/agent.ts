import { readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How a script in the guest ended, and what it printed on both outputs. */
export interface Ran {
  readonly status: number;
  readonly output: string;
}

/** The host's end of guest/agent: scripts go by the shared folder, their names and ends over a port. */
export class Agent {
  readonly #port: Socket;
  readonly #share: string;
  readonly #waiting = new Map<string, (status: number) => void>();
  readonly #up: Promise<unknown>;
  #count = 0;

  constructor(port: Socket, share: string) {
    this.#port = port;
    this.#share = share;
    this.#up = new Promise((resolve) => this.#waiting.set('up', resolve));
    createInterface({ input: port }).on('line', (line) => {
      const [name = '', status = ''] = line.split(' ');
      this.#waiting.get(name)?.(Number(status));
      this.#waiting.delete(name);
    });
    port.on('error', () => undefined); // qemu's end shows elsewhere
  }

  /** Ends when the guest's agent has started. */
  up(limit: AbortSignal): Promise<unknown> {
    return within(this.#up, limit, 'the agent does not answer');
  }

  async run(script: string, limitMs: number): Promise<Ran> {
    this.#count += 1;
    const name = `script-${this.#count}`;
    writeFileSync(join(this.#share, `${name}.sh`), script);
    const ended = new Promise<number>((resolve) => this.#waiting.set(name, resolve));
    this.#port.write(`${name}\n`);
    const output = (): string => readFileSync(join(this.#share, `${name}.out`), 'utf8');
    const status = await within(
      ended,
      AbortSignal.timeout(limitMs),
      () => `not over: ${script}\n${output()}`,
    );
    return { status, output: output() };
  }
}

async function within<T>(promise: Promise<T>, limit: AbortSignal, what: string | (() => string)): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) =>
      limit.addEventListener('abort', () => reject(new Error(typeof what === 'string' ? what : what())), {
        once: true,
      }),
    ),
  ]);
}
