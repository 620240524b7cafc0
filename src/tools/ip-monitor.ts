import { messageOf } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { MonitorLines, UNSURE, type KernelEvent, type KernelEventKind } from './monitor-lines.ts';
import { ToolFailure } from './failures.ts';
import type { Followed, Tools } from './toolbox.ts';

export type { KernelEvent, KernelEventKind } from './monitor-lines.ts';

/** Of the kinds that were asked for, and UnsureEvents; at least one, in order. */
export type KernelListener = (events: readonly KernelEvent[]) => void;

/** What the kernel tells about the neighbours, routes, links and addresses of this network namespace. */
export interface KernelEvents {
  /** False while the kernel cannot be heard, so that everything has to be looked at now and then. An UnsureEvent comes with every change. */
  readonly live: boolean;
  /** Calls the listener a few milliseconds after the kernel told, every 15 ms at most; gives back what ends it. */
  subscribe(kinds: readonly KernelEventKind[], listener: KernelListener): () => void;
  /** Nothing comes after this, and no process is left. */
  close(): Promise<void>;
}

export interface MonitorOptions {
  readonly tools: Tools;
  readonly log: Log;
  /** Whether the process with this id hears the kernel yet (/proc/net/netlink). */
  readonly isListening: (pid: number) => boolean;
}

const COMMAND = ['-ts', '-o', 'monitor', 'label', 'neigh', 'route', 'link', 'address'] as const;
/** How often it is looked for whether a new process hears the kernel, and how many times. */
const LISTENING_EVERY_MS = 20;
const LISTENING_LOOKS = 100;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Who has told nothing for so long has told all that waited. */
const QUIET_MS = 250;
/** One that lived that long was no failed start. */
const HEALTHY_MS = 60_000;

/** Ends after ms milliseconds, or when aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}

/** `ip monitor`, started again whenever it ends. */
class IpMonitor implements KernelEvents {
  readonly #options: MonitorOptions;
  readonly #stopping = new AbortController();
  readonly #listeners = new Map<KernelListener, ReadonlySet<string>>();
  readonly #running: Promise<void>;
  #live = false;
  #followed: Followed | undefined;
  #told = false;
  /** Set while messages may still be lost. */
  #lost: NodeJS.Timeout | undefined;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get live(): boolean {
    return this.#live;
  }

  subscribe(kinds: readonly KernelEventKind[], listener: KernelListener): () => void {
    this.#listeners.set(listener, new Set(['unsure', ...kinds]));
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#stopping.abort();
    clearTimeout(this.#lost);
    this.#followed?.stop();
    await this.#running;
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isStopped) {
      const began = performance.now();
      const reason = await this.#follow();
      if (reason === undefined) return;
      this.#setLive(false);
      if (performance.now() - began >= HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
      this.#tell(reason);
      await pause(pauseMs, this.#stopping.signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Follows one process to its end. Gives why it ended, undefined when there will be no other. */
  async #follow(): Promise<string | undefined> {
    const { tools, log } = this.#options;
    const { follow } = tools;
    if (follow === undefined) return undefined;
    const lines = new MonitorLines();
    let followed: Followed;
    try {
      followed = await follow('ip', COMMAND, {
        onText: (text) => {
          this.#publish(lines.take(text));
          this.#lost?.refresh();
        },
        // `ip` complains when messages were lost (ENOBUFS), and goes on.
        onComplaint: (text) => {
          log.debug(`ip monitor: ${text.trim()}`);
          this.#publish([UNSURE]);
          this.#haveLost();
        },
      });
    } catch (error) {
      if (error instanceof ToolFailure && error.isMissing) {
        log.debug(`the kernel is asked, not listened to: ${error.message}`);
        return undefined;
      }
      return messageOf(error);
    }
    this.#followed = followed;
    if (this.#isStopped) followed.stop();
    const ended = followed.ended.then((reason) => {
      this.#followed = undefined;
      return reason;
    });
    await Promise.race([ended, this.#untilListening(followed.pid)]);
    if (this.#followed === followed && !this.#isStopped) this.#setLive(true);
    const reason = await ended;
    return this.#isStopped ? undefined : reason;
  }

  /**
   * The kernel complains once, and then drops everything until all that waited has been read. What it drops meanwhile is known only by
   * looking after that.
   */
  #haveLost(): void {
    clearTimeout(this.#lost);
    this.#lost = setTimeout(() => {
      this.#lost = undefined;
      this.#publish([UNSURE]);
    }, QUIET_MS);
  }

  async #untilListening(pid: number): Promise<void> {
    for (let look = 0; look < LISTENING_LOOKS && !this.#isStopped; look += 1) {
      if (this.#options.isListening(pid)) return;
      await pause(LISTENING_EVERY_MS, this.#stopping.signal);
    }
  }

  #setLive(live: boolean): void {
    if (live === this.#live) return;
    this.#live = live;
    if (live && this.#told) {
      this.#told = false;
      this.#options.log.info('ip monitor runs again');
    }
    this.#publish([UNSURE]);
  }

  #tell(reason: string): void {
    const message = `ip monitor ${reason}: the gateway and the interface are looked at every -gateway_interval until it runs again`;
    if (this.#told) this.#options.log.debug(message);
    else this.#options.log.warn(message);
    this.#told = true;
  }

  #publish(events: readonly KernelEvent[]): void {
    if (events.length === 0 || this.#isStopped) return;
    for (const [listener, kinds] of this.#listeners) {
      const wanted = events.filter(({ kind }) => kinds.has(kind));
      if (wanted.length > 0) listener(wanted);
    }
  }
}

/** Listens to the kernel through one long-lived `ip monitor`. Where it cannot be had, `live` stays false. Never throws. */
export function openKernelEvents(options: MonitorOptions): KernelEvents {
  return new IpMonitor(options);
}
