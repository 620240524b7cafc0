import { setTimeout as pause } from 'node:timers/promises';
import type { KatranProcess } from '../katran/process.ts';
import { networkNamespaceOf } from '../linux/network-namespace.ts';
import { parentOf, runningInGroup } from '../linux/process-group.ts';
import { readStartTicks } from '../linux/process-start.ts';
import { argumentsOf, listProcesses, ofProcess } from '../linux/processes.ts';
import { openRoot } from '../linux/root.ts';
import { SHUTDOWN_GRACE_MS } from './shutdown.ts';
import type { Launch } from './types.ts';

const POLL_MS = 50;

type Surroundings = Pick<Launch, 'options' | 'log' | 'signalProcess' | 'command'>;

/** What the process that was started as katran has started itself. */
export class Offspring {
  readonly #launch: Surroundings;
  readonly #katran: KatranProcess;
  /** Ticks since boot; undefined where that cannot be read. */
  readonly #since: number | undefined;

  /** To be made as soon as katran was started: later nobody can tell when that was. */
  constructor(launch: Surroundings, katran: KatranProcess) {
    this.#launch = launch;
    this.#katran = katran;
    this.#since = ofProcess(() => readStartTicks(openRoot('/'), katran.pid));
  }

  /**
   * Ends what a katran that has ended has left: the real katran, where -binary is a script that starts it, or a katran that went into the
   * background. In order, so that nothing stays attached; one that is starting may leave its program all the same. Gives whether there was any.
   */
  async endRest(): Promise<boolean> {
    const { options, log } = this.#launch;
    const [first] = this.#left();
    if (first === undefined) return false;
    log.error(
      `pid ${first} was started by katran (pid ${this.#katran.pid}), which has ended: -binary must become katran (exec), not start it; ending it too`,
    );
    this.#signal('SIGTERM');
    const deadline = performance.now() + options.shutdown_delay + SHUTDOWN_GRACE_MS;
    while (this.#left().length > 0 && performance.now() < deadline) await pause(POLL_MS);
    this.#signal('SIGKILL');
    return true;
  }

  #left(): number[] {
    return [...new Set([...runningInGroup(openRoot('/'), this.#katran.pid), ...this.#escaped()])];
  }

  /**
   * Those that have left its process group (setsid) and lost their parent: they have katran's very arguments and its network, are no older
   * than it was, and were not started by this process, as a successor is.
   */
  #escaped(): number[] {
    const root = openRoot('/');
    const since = this.#since;
    const args = this.#launch.command.slice(1);
    if (since === undefined || args.length === 0) return [];
    const [self, here] = [Number(root.readlink('/proc/self')), networkNamespaceOf(root, 'self')];
    return listProcesses(root).filter((pid) => {
      const argv = argumentsOf(root, pid);
      if (argv.length <= args.length) return false;
      const last = argv.slice(-args.length);
      if (!args.every((arg, i) => last[i] === arg)) return false;
      const ticks = ofProcess(() => readStartTicks(root, pid));
      if (ticks === undefined || ticks < since) return false;
      return parentOf(root, pid) !== self && networkNamespaceOf(root, pid) === here;
    });
  }

  #signal(signal: NodeJS.Signals): void {
    const { signalProcess } = this.#launch;
    const group = this.#katran.pid;
    if (runningInGroup(openRoot('/'), group).length > 0) signalProcess(-group, signal);
    for (const pid of this.#escaped()) signalProcess(pid, signal);
  }
}
