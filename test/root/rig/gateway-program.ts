import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { BUN } from '../../support/bun.ts';
import { type Namespace, removeNamespaces } from '../../support/netns.ts';

interface Event {
  readonly level?: string;
  readonly message?: string;
  readonly tables?: { readonly mac: string | null } | null;
  readonly resolved?: unknown;
  readonly pushed?: string;
  readonly at?: number;
  readonly live?: boolean;
  readonly cpuMs?: number;
  readonly failed?: string;
  readonly stopped?: unknown;
}

function isEvent(value: unknown): value is Event {
  return typeof value === 'object' && value !== null;
}

/** The program of test/support/gateway-program.ts in a namespace, and its events, each waited for in turn. */
export class GatewayProgram {
  readonly all: Event[] = [];
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(readonly child: ChildProcess) {
    if (child.stdout === null) throw new Error('stdout is not piped');
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  async next(wanted: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const { value } = await this.#lines.next();
      if (value === undefined) throw new Error(`ended before it came: ${JSON.stringify(this.all)}`);
      const event: unknown = JSON.parse(value);
      if (!isEvent(event)) throw new Error(`not an event: ${value}`);
      this.all.push(event);
      if (wanted(event)) return event;
    }
  }

  /** The end of the resolving, good or bad. */
  resolution(): Promise<Event> {
    return this.next(({ resolved, failed }) => resolved !== undefined || failed !== undefined);
  }

  /** The next MAC that katran is given. */
  async pushed(): Promise<string | undefined> {
    return (await this.next(({ pushed }) => pushed !== undefined)).pushed;
  }

  async warning(): Promise<string | undefined> {
    return (await this.next(({ level }) => level === 'warn')).message;
  }

  /** Ends a watch, and gives what it says at its end. */
  stop(): Promise<Event> {
    this.child.kill('SIGTERM');
    return this.next(({ stopped }) => stopped !== undefined);
  }
}

/** Starts the program in a namespace, in Node unless another runtime is given. */
export type Start = (
  host: Namespace,
  command: 'resolve' | 'watch',
  options?: object,
  runtime?: string,
) => GatewayProgram;

/** The tests that follow start the program; what each has started ends with it, and its namespaces go. */
export function withGatewayProgram(): Start {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sk-gateway-netns-'));
  const bundle = path.join(directory, 'gateway-program.mjs');
  const children: ChildProcess[] = [];
  beforeAll(() => {
    const entry = path.join(import.meta.dirname, '../../support/gateway-program.ts');
    execFileSync(BUN, ['build', '--target=node', entry, '--outfile', bundle], { stdio: 'ignore' });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    removeNamespaces();
  });
  afterAll(() => fs.rmSync(directory, { recursive: true }));
  return (host, command, options = {}, runtime = process.execPath) => {
    const json = JSON.stringify({ intf: 'eth0', timeoutMs: 20_000, intervalMs: 20, ...options });
    const child = host.start(runtime, [bundle, command, json], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return new GatewayProgram(child);
  };
}
