import type { Log } from '../log/log.ts';
import { printableLine } from '../terminal/printable.ts';
import type { Tools } from '../tools/toolbox.ts';
import type { World } from '../world.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';
import { watchdogMs } from './notify-environment.ts';
import { systemdNotify, type Notifier } from './systemd-notify.ts';

/** What is waited for at the end of the run, so that no systemd-notify outlives it. */
const LAST_WORDS_MS = 1_000;

/** What the service manager is told while a launch goes on. Calls return at once and never throw. */
export interface ServiceManager {
  /** One line for `systemctl status`; `needMs` is asked for where the manager's own timeout may be shorter. */
  status(text: string, needMs?: number): void;
  /** The MAC has read back: whatever waits for this service may go on. */
  ready(text: string): void;
  stopping(text: string, needMs: number): void;
  /** Why the service ends; it is what stays in `systemctl status`. */
  failed(why: string): void;
  /** Pings the watchdog, if there is one, as long as this process is alive: a katran that does not answer forwards on. */
  watch(): void;
  /** No more pings; waits a moment for messages under way. */
  close(): Promise<void>;
}

const NOBODY: ServiceManager = {
  status: () => undefined,
  ready: () => undefined,
  stopping: () => undefined,
  failed: () => undefined,
  watch: () => undefined,
  close: () => Promise.resolve(),
};

/** systemd, when it started us with `Type=notify`; otherwise nobody, and nothing is run. */
export function openServiceManager(
  { environment, pid }: Pick<World, 'environment' | 'pid'>,
  tools: Tools,
  log: Log,
): ServiceManager {
  if ((environment.NOTIFY_SOCKET ?? '') === '') return NOBODY;
  return new Systemd(systemdNotify(environment, tools, log), pid, watchdogMs(environment, pid), log);
}

/** EXTEND_TIMEOUT_USEC= in sd_notify(3): never shortens what the unit says. */
const extension = (needMs: number | undefined): readonly string[] =>
  needMs === undefined ? [] : [`EXTEND_TIMEOUT_USEC=${Math.ceil(needMs) * 1000}`];

const statusLine = (text: string): string => `STATUS=${printableLine(text)}`;

class Systemd implements ServiceManager {
  readonly #notifier: Notifier;
  readonly #pid: number;
  readonly #watchdogMs: number | undefined;
  #status = '';
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;
  #pinging = false;
  #failed = false;
  readonly #log: Log;
  /** When the last ping was taken; undefined before the first. */
  #heardAt: number | undefined;

  constructor(notifier: Notifier, pid: number, watchdog: number | undefined, log: Log) {
    this.#log = log;
    this.#notifier = notifier;
    this.#pid = pid;
    this.#watchdogMs = watchdog;
  }

  status(text: string, needMs?: number): void {
    // A status that arrives after the stop began would hide what is being waited for.
    if (this.#stopping || text === this.#status) return;
    this.#status = text;
    void this.#send(statusLine(text), ...extension(needMs));
  }

  ready(text: string): void {
    if (this.#stopping) return;
    this.#status = text;
    void this.#send('READY=1', `MAINPID=${this.#pid}`, statusLine(text));
  }

  stopping(text: string, needMs: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#sayIfWatchdog();
    this.#endPings();
    void this.#send('STOPPING=1', statusLine(text), ...extension(needMs));
  }

  failed(why: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#stopping = true;
    void this.#send(statusLine(why));
  }

  watch(): void {
    if (this.#watchdogMs === undefined || this.#stopping) return;
    this.#endPings();
    const ping = async (): Promise<void> => {
      // Where the last ping is still under way, another one would only queue up behind it.
      if (this.#pinging) return;
      this.#pinging = true;
      await this.#send('WATCHDOG=1');
      this.#heardAt = performance.now();
      this.#pinging = false;
    };
    this.#timer = setInterval(() => void ping(), Math.min(this.#watchdogMs / 2, LONGEST_TIMER_MS));
    void ping();
  }

  /** The unit's watchdog asks to stop by the same signal as an operator does; but only after it has heard nothing for its time. */
  #sayIfWatchdog(): void {
    if (this.#watchdogMs === undefined || this.#heardAt === undefined) return;
    const silentMs = Math.round(performance.now() - this.#heardAt);
    if (silentMs <= this.#watchdogMs) return;
    this.#log.error(
      `the stop comes from systemd's watchdog: the launcher gave no sign of life for ${silentMs} ms (WatchdogSec is ${this.#watchdogMs} ms); it was frozen, or the machine had no time for it`,
    );
  }

  async close(): Promise<void> {
    this.#endPings();
    await this.#notifier.close(LAST_WORDS_MS);
  }

  #endPings(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #send(...variables: readonly string[]): Promise<void> {
    return this.#notifier.send(...variables);
  }
}
