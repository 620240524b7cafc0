import { Nap } from '../gateway/nap.ts';
import { aheadInWords, type Ahead, type Sight } from '../katran/program.ts';
import type { Log } from '../log/log.ts';
import type { KernelEvents } from '../tools/ip-monitor.ts';

/** The kernel is not heard everywhere. */
const EVERY_MS = 5_000;
/** Where it tells of a program that goes; a look is a process. */
const TOLD_EVERY_MS = 30_000;
/** What is wrong is looked at once more before it is believed: a handover changes the slot and then ends this katran. */
const AGAIN_IN_SLOT_MS = 300;
/** A katran that somebody else stops takes its program off and has ended a moment later. */
const AGAIN_MS = 30;
const REMIND_MS = 60_000;

export interface ForwardingOptions {
  readonly pid: number;
  readonly interfaceName: string;
  /** Whether katran's program is where it has to be. */
  readonly look: () => Promise<Sight>;
  /** `-forwarding_guard`. */
  readonly mode: 'off' | 'warn' | 'exit';
  /** Why XDP may be in generic mode here, a clause. */
  readonly whyGeneric: () => Promise<string>;
  readonly log: Log;
  readonly events: Pick<KernelEvents, 'subscribe' | 'live'>;
  /** Slots of a root array say nothing when they change. */
  readonly inSlot: boolean;
  /** Called once with `exit`, when the program is gone and nobody else's is there. */
  readonly onLost: (why: string) => void;
}

export interface ForwardingWatch {
  /** Whether katran's program was in its place when it was last looked; undefined where nobody can say. */
  readonly inPlace: boolean | undefined;
  /** Looks now; settled when that is done. */
  checkNow(): Promise<void>;
  /** Nothing is looked at or said after this. */
  stop(): Promise<void>;
}

/**
 * Looks whether katran's program is where packets reach it: at once when the kernel tells of the interface, and every few seconds. A
 * program that is gone, or another's in its place, is an error at once and once a minute.
 */
export function watchForwarding(options: ForwardingOptions): ForwardingWatch {
  return new ProgramWatch(options);
}

class ProgramWatch implements ForwardingWatch {
  readonly #options: ForwardingOptions;
  readonly #pause = new Nap();
  readonly #secondLook = new Nap();
  readonly #unsubscribe: () => void;
  readonly #running: Promise<void>;
  #round: Promise<void> = Promise.resolve();
  #wrong: string | undefined;
  #toldAt = 0;
  #isStopped = false;
  #isFirst = true;
  #saidUnseen = false;
  #ahead: string | undefined;
  #isLost = false;
  #inPlace: boolean | undefined;

  constructor(options: ForwardingOptions) {
    this.#options = options;
    const { events, interfaceName, mode } = options;
    this.#unsubscribe =
      mode === 'off'
        ? () => undefined
        : events.subscribe(['link'], (list) => {
            if (list.some((event) => event.kind === 'link' && event.device === interfaceName))
              void this.checkNow();
            // The kernel is heard again, or no more.
            if (list.some((event) => event.kind === 'unsure')) this.#pause.wake();
          });
    this.#running = this.#run();
  }

  get inPlace(): boolean | undefined {
    return this.#inPlace;
  }

  checkNow(): Promise<void> {
    if (this.#options.mode === 'off' && !this.#isFirst) return Promise.resolve();
    this.#round = this.#round.then(() => (this.#isStopped ? undefined : this.#check()));
    return this.#round;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#pause.wake();
    this.#secondLook.wake();
    await Promise.all([this.#running, this.#round]);
  }

  async #run(): Promise<void> {
    do {
      await this.checkNow();
      if (!this.#isStopped && this.#options.mode !== 'off') await this.#pause.take(this.#everyMs());
    } while (!this.#isStopped && this.#options.mode !== 'off');
  }

  #everyMs(): number {
    const { events, inSlot } = this.#options;
    return events.live && !inSlot ? TOLD_EVERY_MS : EVERY_MS;
  }

  async #check(): Promise<void> {
    const sight = await this.#lookTwice();
    if (this.#isStopped) return;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    this.#inPlace = sight.kind === 'unseen' ? undefined : sight.kind === 'own';
    switch (sight.kind) {
      case 'own':
        this.#isThere(sight.id);
        this.#sayAhead(sight.inSlot?.ahead);
        if (isFirst && sight.mode === 'generic') await this.#sayGeneric();
        return;
      case 'unseen':
        this.#sayUnseen(sight.what);
        return;
      case 'gone':
      case 'other':
        if (this.#options.mode !== 'off') this.#isWrong(sight);
    }
  }

  async #lookTwice(): Promise<Sight> {
    const { look, inSlot } = this.#options;
    const sight = await look();
    if (sight.kind === 'own' || sight.kind === 'unseen' || this.#wrong !== undefined) return sight;
    if (!this.#isStopped) await this.#secondLook.take(inSlot ? AGAIN_IN_SLOT_MS : AGAIN_MS);
    return this.#isStopped ? sight : await look();
  }

  #isThere(id: number): void {
    if (this.#wrong === undefined) return;
    this.#wrong = undefined;
    this.#options.log.info(`katran's program ${id} is in its place again: packets are forwarded`);
  }

  #isWrong({ kind, what }: { readonly kind: 'gone' | 'other'; readonly what: string }): void {
    const { log, mode, pid, onLost } = this.#options;
    const ends = kind === 'gone' && mode === 'exit';
    const said = `${what}: katran (pid ${pid}) runs and forwards nothing`;
    const now = performance.now();
    if (what !== this.#wrong || now - this.#toldAt >= REMIND_MS) {
      const next = ends
        ? 'stopping it (-forwarding_guard exit)'
        : kind === 'other'
          ? "katran is left alone, since another's program is there: take that off, or stop katran"
          : 'restart it';
      log.error(`${said}; ${next}`);
      this.#toldAt = now;
    }
    this.#wrong = what;
    if (!ends || this.#isLost) return;
    this.#isLost = true;
    onLost(said);
  }

  #sayUnseen(why: string): void {
    if (this.#saidUnseen) return;
    this.#saidUnseen = true;
    this.#options.log.debug(`whether katran's program is in its place is not looked at: ${why}`);
  }

  #sayAhead(ahead: Ahead | undefined): void {
    const words = ahead === undefined ? undefined : aheadInWords(ahead);
    if (words !== undefined && words !== this.#ahead) this.#options.log.warn(words, 'slot-ahead');
    this.#ahead = words;
  }

  async #sayGeneric(): Promise<void> {
    const { log, interfaceName, whyGeneric } = this.#options;
    log.warn(
      `XDP runs in generic mode on ${interfaceName}, after the driver and several times slower: ${await whyGeneric()}`,
      'xdp-generic',
    );
  }
}
