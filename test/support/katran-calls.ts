import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { BUN } from './bun.ts';

const PROGRAM = path.join(import.meta.dirname, 'katran-calls-program.ts');

/** What katran answered, or the gRPC status it refused with. */
export interface CallAnswer {
  readonly answer?: unknown;
  readonly code?: number;
  readonly details?: string;
}

function isCallAnswer(value: unknown): value is CallAnswer {
  return typeof value === 'object' && value !== null && ('answer' in value || 'code' in value);
}

/** Another client of katran than the launcher: calls made from inside katran's network namespace. */
export class KatranCalls {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;
  #last: Promise<unknown> = Promise.resolve();

  /** `within`: the words that put a program into the namespace. */
  constructor(within: readonly string[]) {
    const [nsenter, ...words] = [...within, BUN, PROGRAM];
    this.#child = spawn(nsenter, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('stdout is not piped');
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** One call after another, whoever asks. */
  call(server: string, method: string, request: object): Promise<CallAnswer> {
    const answer = this.#last.then(async () => {
      this.#child.stdin?.write(`${JSON.stringify({ server, method, request })}\n`);
      const { value } = await this.#lines.next();
      const parsed: unknown = value === undefined ? undefined : JSON.parse(value);
      if (!isCallAnswer(parsed)) throw new Error(`no answer to ${method}: ${value ?? 'the program ended'}`);
      return parsed;
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.stdin?.end();
    await ended;
  }
}
