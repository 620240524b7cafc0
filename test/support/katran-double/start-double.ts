import { type ChildProcess, spawn } from 'node:child_process';
import { freePort } from '../free-port.ts';
import type { Namespace } from '../netns.ts';
import { buildKatranDouble } from './build.mjs';
import { makeStage, type Settings, type Stage } from './stage.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running double of this test's own. */
export interface Double {
  process: ChildProcess;
  pid: number;
  /** What it was given as -server. */
  address: string;
  stage: Stage;
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended and its output has been read. */
  ended: Promise<Exit>;
  /** SIGKILL if it is still there, and its directory removed. */
  remove(): Promise<void>;
}

/**
 * Starts the double on loopback (a free port of 127.0.0.1 unless given) with an interface and an object file it
 * accepts; `args` come last and so override. Does not wait: `stage.waitFor('listening')` does.
 */
export async function startDouble(
  options: {
    args?: readonly string[];
    settings?: Settings;
    address?: string;
    stage?: Stage;
    /** Where it runs; an address of that namespace is then to be given. */
    namespace?: Namespace;
  } = {},
): Promise<Double> {
  const stage =
    options.stage ?? makeStage({ START_DELAY: 0, INTERFACES: 'eth0,ipip0,ipip60', ...options.settings });
  const address = options.address ?? `127.0.0.1:${await freePort()}`;
  const flags = [`-server=${address}`, `-balancer_prog=${stage.bpfObject}`, '-hc_forwarding=false'];
  const words = [
    ...(options.namespace?.within ?? []),
    buildKatranDouble(),
    ...flags,
    '-shutdown_delay=0',
    '-lru_size=1000',
    ...(options.args ?? []),
  ];
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    env: { ...process.env, ...stage.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start ${buildKatranDouble()}`);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('latin1').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('latin1').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<Exit>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return {
    process: child,
    pid,
    address,
    stage,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    ended,
    remove: async () => {
      child.kill('SIGKILL');
      await ended;
      if (options.stage === undefined) stage.remove();
    },
  };
}
