import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, Failure, messageOf } from '../failure.ts';
import type { Gateway } from '../gateway/types.ts';
import type { KatranServicesClient } from '../katran/calls.ts';
import { describeExit } from '../katran/exit-words.ts';
import { exitStatusOf, unaskedStatusOf, type KatranExit, type KatranProcess } from '../katran/process.ts';
import type { RootArray } from '../katran/root-array.ts';
import type { Services } from '../katran/services/types.ts';
import { listenForHandover, type Answer } from './control.ts';
import { deleteLeftFilters } from './healthcheck-filters.ts';
import { sayFailure, stopInOrder } from './launch.ts';
import { ownPredecessor, type Found, type Inherited, type Predecessor } from './predecessor.ts';
import { HandoverRequests } from './requests.ts';
import { PARTS, type LaunchParts, type NotUp } from './start.ts';
import { Lost, supervise, type Watched } from './supervision.ts';
import { NotTakenOver, servicesOf, takeOver } from './takeover.ts';
import type { Launch } from './types.ts';

/** A katran that dies again and again is not started for ever: its program forwards on, and somebody has to look. */
const MOST_RESTARTS = 5;
const RESTARTS_WITHIN_MS = 10 * 60_000;
/** Between starts of a katran that does not come up. */
const FIRST_PAUSE_MS = 500;

/** The katran whose program has the active slot, and what looks after it. */
interface Reign {
  readonly launch: Launch;
  readonly katran: KatranProcess;
  readonly client: KatranServicesClient;
  readonly watched: Watched;
}

/**
 * Shared mode with -handover: one katran after the other has the active slot of the root array, and no packet is lost between them.
 * Each is started in the staging slot; when it is up there, its program is put into the active slot in one step, and then its predecessor
 * ends. A katran that dies leaves its program, which forwards until the next one has taken over.
 */
class Succession {
  readonly #first: Launch;
  readonly #array: RootArray;
  readonly #parts: LaunchParts;
  readonly #requests = new HandoverRequests();
  #restarts: number[] = [];
  /** What the last katran had, where no file keeps it. */
  #remembered: Services | undefined;

  constructor(launch: Launch, array: RootArray, parts: LaunchParts) {
    this.#first = launch;
    this.#array = array;
    this.#parts = parts;
  }

  get requests(): HandoverRequests {
    return this.#requests;
  }

  /** From the first katran to the last. Gives the launcher's exit status. */
  async run(found: Found | undefined): Promise<number> {
    const { log } = this.#first;
    if (found !== undefined) {
      const { program, katran } = found;
      const whose = katran === undefined ? 'a katran that has ended' : `katran (pid ${katran.pid})`;
      log.info(
        `slot ${this.#array.active} of ${this.#array.path} has program ${program} of ${whose}, which forwards; taking over from it`,
      );
    }
    let reign: Reign;
    try {
      const inherited = await this.#inheritance(found?.katran, found !== undefined);
      reign = await this.#succeed(this.#first, inherited, found?.katran);
    } catch (error) {
      if (!(error instanceof NotTakenOver)) throw error;
      const status = statusOf(error.why);
      if (status === 0) log.info(error.message);
      else sayFailure(this.#first, error.message);
      return status;
    }
    for (;;) {
      const { katran, watched } = reign;
      const ended = await Promise.race([
        katran.exited,
        watched.stopRequested,
        watched.lost,
        this.#requests.asked(),
      ]);
      if (ended instanceof Lost) {
        this.#first.manager.failed(ended.why);
        await this.#stop(reign);
        return EXIT.failed;
      } else if (ended !== undefined) {
        const next = await this.#afterDeath(reign, ended);
        if (typeof next === 'number') return next;
        reign = next;
      } else if (this.#first.desk.stop.aborted) {
        return await this.#stop(reign);
      } else {
        reign = await this.#byRequest(reign);
      }
    }
  }

  /** The services that the next katran is given: the live predecessor's, else the file's, else the last that were read. */
  async #inheritance(predecessor: Predecessor | undefined, forwards: boolean): Promise<Services | undefined> {
    const { log, options } = this.#first;
    if (predecessor !== undefined) {
      try {
        return await servicesOf(this.#parts, predecessor);
      } catch (error) {
        log.warn(`katran (pid ${predecessor.pid}) does not tell its services: ${messageOf(error)}`);
      }
    }
    const kept = this.#first.servicesOfFile() ?? this.#remembered;
    if (kept === undefined && forwards && options.services === '')
      throw new Failure(
        `the program in slot ${this.#array.active} of ${this.#array.path} forwards with VIPs that nobody can tell any more, ` +
          `and a new katran would have none: name a file of services with -services, or empty the slot: ${this.#array.clearCommand(this.#array.active)}`,
      );
    return kept;
  }

  /** Starts a katran that takes over, and looks after it. Throws as takeOver does. */
  async #succeed(
    launch: Launch,
    inherited: Services | undefined,
    predecessor: Predecessor | undefined,
  ): Promise<Reign> {
    const options = { array: this.#array, parts: this.#parts, services: inherited, predecessor };
    const { katran, client, services } = await takeOver(launch, options);
    // It may die before its services are first read.
    this.#remembered = services;
    const replace = (): void => void this.#requests.ask();
    return { launch, katran, client, watched: supervise(launch, katran, client, replace) };
  }

  /** The launch as it is prepared now: the binary, objects and plan of today. */
  #again(gateway: Gateway): Launch {
    return { ...this.#first, ...this.#first.prepareAgain(gateway) };
  }

  async #byRequest(reign: Reign): Promise<Reign> {
    const { log } = this.#first;
    const request = this.#requests.take();
    const predecessor = ownPredecessor(reign.katran, this.#first.endpoint.address);
    const since = performance.now();
    // One that does not answer any more tells nothing.
    this.#remembered = reign.watched.services() ?? this.#remembered;
    let next: Reign;
    try {
      log.info(`handing over from katran (pid ${predecessor.pid}) to a fresh one`);
      const services = await this.#inheritance(predecessor, true);
      next = await this.#succeed(this.#again(reign.watched.gateway()), services, predecessor);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const stopping = this.#first.desk.stop.aborted;
      const fate = stopping
        ? 'is stopped too'
        : reign.katran.exit === undefined
          ? 'goes on'
          : 'has died too, and its program forwards on';
      const words = `the handover was given up: ${error.message}; katran (pid ${predecessor.pid}) ${fate}`;
      if (stopping) log.info(words);
      else log.error(words);
      reign.watched.attend();
      request.answer({ done: false, words });
      return reign;
    }
    await this.#end(reign, 'died');
    next.watched.attend();
    const words = `katran (pid ${next.katran.pid}) took over from katran (pid ${predecessor.pid}) in ${Math.round(performance.now() - since)} ms`;
    request.answer({ done: true, words });
    return next;
  }

  async #end({ client, watched }: Reign, because: 'asked' | 'died'): Promise<void> {
    this.#remembered = watched.services() ?? this.#remembered;
    if (because === 'died') client.close();
    await watched.stop(because);
    client.close();
  }

  /** The next katran after one that died, or the exit status when there have been too many. */
  async #afterDeath(reign: Reign, exit: KatranExit): Promise<Reign | number> {
    const { log, desk } = this.#first;
    const asked = (): boolean => desk.stop.aborted;
    const { path, active } = this.#array;
    const gateway = reign.watched.gateway();
    const died = `${describeExit(exit, 'running')}; its program in slot ${active} of ${path} forwards on`;
    log.error(died);
    this.#first.manager.status(died);
    desk.describe(() => died);
    await this.#end(reign, 'died');
    for (let wait = FIRST_PAUSE_MS; ; wait *= 2) {
      if (!this.#mayRestart()) {
        sayFailure(
          this.#first,
          `katran died or did not come up ${MOST_RESTARTS + 1} times in ${RESTARTS_WITHIN_MS / 60_000} minutes and is not started again; the program in slot ${active} of ${path} forwards on, and nobody looks after it; see katran's own lines for the reason: then a start with the same flags, and -services, takes over from it`,
        );
        return unaskedStatusOf(exit);
      }
      try {
        const services = await this.#inheritance(undefined, true);
        return await this.#succeed(this.#again(gateway), services, undefined);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (asked()) return await this.#emptied(0);
        const words = `katran's successor did not take over: ${error.message}`;
        log.error(words);
        this.#first.manager.status(words);
        desk.describe(() => words);
      }
      await pause(wait, undefined, { signal: desk.stop }).catch(() => undefined);
      if (asked()) return await this.#emptied(0);
    }
  }

  #mayRestart(): boolean {
    const now = performance.now();
    this.#restarts = this.#restarts.filter((time) => now - time < RESTARTS_WITHIN_MS);
    if (this.#restarts.length >= MOST_RESTARTS) return false;
    this.#restarts.push(now);
    return true;
  }

  async #stop(reign: Reign): Promise<number> {
    const { log, desk } = this.#first;
    await this.#end(reign, 'asked');
    const exit = await stopInOrder(reign.launch, reign.katran);
    log.info(describeExit(exit, 'running'));
    // After a mistake of ours the packets shall flow on until the next launcher takes over.
    if (desk.defect) return exitStatusOf(exit);
    return await this.#emptied(exitStatusOf(exit));
  }

  /** Takes the last program out of the slots: a stop was asked for. */
  async #emptied(status: number): Promise<number> {
    await deleteLeftFilters(this.#first, 'none');
    await this.#array.clear(this.#array.active);
    await this.#array.clear(this.#array.staging);
    return status;
  }

  /** Whoever waits for a handover that will not be made hears so. */
  close(): void {
    const answer: Answer = { done: false, words: 'the launcher is stopping' };
    this.#requests.take().answer(answer);
  }
}

function statusOf(why: NotUp): number {
  switch (why.kind) {
    case 'exited':
      return unaskedStatusOf(why.exit);
    case 'timeout':
      return 1;
    case 'stopped':
      return 0;
  }
}

/**
 * Launches katran in the active slot of a root array and replaces it, on request and when it dies, without losing a packet. Gives the
 * launcher's exit status. A stop that was asked for empties the slot; after anything else its program forwards on.
 */
export async function launchInSuccession(
  launch: Launch,
  { array, found }: Inherited,
  parts: LaunchParts = PARTS,
): Promise<number> {
  const { root, interfaceName, desk, log, output } = launch;
  const succession = new Succession(launch, array, parts);
  const control = await listenForHandover(root, interfaceName, () => succession.requests.ask());
  desk.onHandover(() => {
    log.info('SIGUSR2 received, handing over');
    void succession.requests.ask();
  });
  try {
    return await succession.run(found);
  } finally {
    succession.close();
    control.close();
    output.handedOver();
  }
}
