import type { Log } from '../log/log.ts';
import type { World } from '../world.ts';

const STOPPING = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const;
const LOOKING = ['SIGHUP'] as const;
const TELLING = ['SIGUSR1'] as const;
const HANDING_OVER = ['SIGUSR2'] as const;
const IGNORED = ['SIGWINCH', 'SIGPIPE'] as const;

/** Where signals come from. */
export type SignalSource = Pick<World, 'onSignals' | 'onUncaught'>;

/**
 * What each signal means to the launcher, from the first moment on: SIGTERM, SIGINT and SIGQUIT stop; SIGHUP looks at
 * gateway and affinity now; SIGUSR1 logs the state; SIGUSR2 hands over to a fresh katran; SIGWINCH does nothing. None is passed on as it is: katran
 * dies of SIGHUP with its XDP program attached.
 */
export class SignalDesk {
  readonly #stop = new AbortController();
  readonly #takeOff: readonly (() => void)[];
  #stoppedBy: NodeJS.Signals | undefined;
  #defect = false;
  #look: (() => void) | undefined;
  #handOver: () => void;
  #state: () => string = () => 'starting';

  constructor(world: SignalSource, log: Log) {
    this.#handOver = () => log.info('SIGUSR2 received; nothing is handed over without -handover');
    // Never taken off: without a listener the last lines into a pipe nobody reads any more would end the program.
    world.onSignals(IGNORED, () => undefined);
    world.onSignals(HANDING_OVER, () => this.#handOver());
    this.#takeOff = [
      world.onSignals(STOPPING, (signal) => {
        if (this.#stoppedBy === undefined) {
          this.#stoppedBy = signal;
          log.info(`${signal} received, stopping`);
          this.#stop.abort(signal);
        } else {
          log.info(`${signal} received again; already stopping: ${this.#state()}`);
        }
      }),
      world.onSignals(LOOKING, () => {
        if (this.#look === undefined) log.info(`SIGHUP received; nothing to look at yet: ${this.#state()}`);
        else {
          log.info('SIGHUP received, looking at gateway and affinity now');
          this.#look();
        }
      }),
      world.onSignals(TELLING, () => log.info(this.#state())),
      world.onUncaught((error) => {
        const story = error instanceof Error ? (error.stack ?? error.message) : String(error);
        log.error(`this is a defect of start-katran, please report it; stopping in order: ${story}`);
        this.#defect = true;
        this.#stop.abort(error);
      }),
    ];
  }

  /** Aborted by the first signal that asks to stop. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  get stoppedBy(): NodeJS.Signals | undefined {
    return this.#stoppedBy;
  }

  /**
   * The signal whose stop broke off what threw this: that throws the stop's reason, or the platform's AbortError. Undefined for any other
   * error: one of its own, also when it comes after a signal.
   */
  signalBehind(error: unknown): NodeJS.Signals | undefined {
    const brokenOff = error === this.stop.reason || (error instanceof Error && error.name === 'AbortError');
    return brokenOff ? this.#stoppedBy : undefined;
  }

  /** Whether an error that nobody caught asked to stop: katran is stopped all the same, but nothing went well. */
  get defect(): boolean {
    return this.#defect;
  }

  /** What SIGHUP does from now on. */
  onLook(look: () => void): void {
    this.#look = look;
  }

  /** What SIGUSR2 does from now on. */
  onHandover(handOver: () => void): void {
    this.#handOver = handOver;
  }

  /** What is going on, for SIGUSR1 and a second SIGTERM; a function, so that it is told as it is then. */
  describe(state: () => string): void {
    this.#state = state;
  }

  close(): void {
    this.#handOver = () => undefined;
    for (const off of this.#takeOff) off();
  }
}

/** Signals that came while masks were written are handled now: the masks are all written, nothing more is begun. */
export async function signalsHandled(desk: SignalDesk): Promise<NodeJS.Signals | undefined> {
  // Twice: the first may come before the event loop has looked for signals, the second cannot.
  for (let round = 0; round < 2; round += 1) await new Promise((resolve) => setImmediate(resolve));
  return desk.stoppedBy;
}
