import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { ENVIRONMENT, readIrqs, readMasks, releaseNicIrqs } from './kernel.ts';
import type { Masks, Observation } from './observation.ts';

export const PROGRAM = environment('PROGRAM');
const FILE = '/out/observations';

export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the environment lacks ${name}`);
  return value;
}

/** What a story adds to what its program did. */
export interface Extras {
  readonly moments: Record<string, Masks>;
  readonly notes: Record<string, string>;
}

export interface Ending {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Writes down what happens in the guest, one line an observation, for the tests on the host to judge. */
export class Notebook {
  readonly #allCpus: string;

  /** `allCpus`: the mask of all CPUs of this machine. */
  constructor(allCpus: string) {
    this.#allCpus = allCpus;
  }

  /** Every NIC interrupt on all CPUs, nothing saved: the state from which most stories start. */
  reset(): void {
    releaseNicIrqs(this.#allCpus);
    rmSync('/run/start-katran', { recursive: true, force: true });
  }

  /** Runs start-katran to its end from the state as it is. */
  run(name: string, ...args: string[]): Promise<void> {
    return this.observe(name, () => runToEnd(args));
  }

  /** The same after a reset. */
  runFresh(name: string, ...args: string[]): Promise<void> {
    this.reset();
    return this.run(name, ...args);
  }

  /** A story with more in it than one program. One that fails is written down too, and the next one starts. */
  async observe(name: string, story: (extras: Extras) => Ending | Promise<Ending>): Promise<void> {
    const extras: Extras = { moments: {}, notes: {} };
    const before = readMasks();
    const irqs = readIrqs();
    const ending = await finish(story, extras);
    const seen: Observation = { name, ...ending, before, after: readMasks(), irqs, ...extras };
    appendFileSync(FILE, `${JSON.stringify(seen)}\n`);
  }

  /** The last line; without it the host knows that the guest did not get to its end. */
  end(): void {
    appendFileSync(FILE, 'end\n');
  }
}

async function finish(story: (extras: Extras) => Ending | Promise<Ending>, extras: Extras): Promise<Ending> {
  try {
    return await story(extras);
  } catch (error) {
    return { status: null, signal: null, stdout: '', stderr: `the story broke off: ${String(error)}` };
  }
}

/** Runs start-katran until it ends by itself. */
export function runToEnd(args: readonly string[]): Ending {
  const { status, signal, stdout, stderr } = spawnSync(PROGRAM, args, {
    encoding: 'utf8',
    env: ENVIRONMENT,
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
  return { status, signal, stdout, stderr };
}
