import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, Failure, messageOf } from '../failure.ts';
import type { Gateway } from '../gateway/types.ts';
import type { KatranServicesClient } from '../katran/call-error.ts';
import { describeExit } from '../katran/exit-words.ts';
import { exitStatusOf, unaskedStatusOf, type KatranExit, type KatranProcess } from '../katran/process.ts';
import type { RootArray } from '../katran/root-array.ts';
import { readServices } from '../katran/services/read.ts';
import { restoreServices } from '../katran/services/restore.ts';
import { NO_SERVICES, type Services } from '../katran/services/types.ts';
import { listenForHandover, type Answer } from './control.ts';
import { deleteLeftFilters } from './healthcheck-filters.ts';
import { lateInWords, stopInOrder } from './launch.ts';
import { ownPredecessor, type Found, type Inherited, type Predecessor } from './predecessor.ts';
import { Offspring } from './offspring.ts';
import { HandoverRequests } from './requests.ts';
import { announceUp, begin, PARTS, waitUntilUp, type LaunchParts, type NotUp } from './start.ts';
import { LOST, supervise, type Watched } from './supervision.ts';
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

/** The next katran did not come up; `exit` is how it ended, where it did. */
class NotTakenOver extends Failure {
  readonly why: NotUp;

  constructor(message: string, why: NotUp) {
    super(message);
    this.why = why;
  }
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
      log.error(error.message);
      return statusOf(error.why);
    }
    for (;;) {
      const { katran, watched } = reign;
      const ended = await Promise.race([
        katran.exited,
        watched.stopRequested,
        watched.lost,
        this.#requests.asked(),
      ]);
      if (ended === LOST) {
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
        return await this.#servicesOf(predecessor);
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

  async #servicesOf({ pid, address }: Predecessor): Promise<Services> {
    const client = await this.#parts.openClientOf(pid, address);
    try {
      return await readServices(client);
    } finally {
      client.close();
    }
  }

  /**
   * Starts a katran in the staging slot, brings it up and gives it the active slot. Throws NotTakenOver, or what else went wrong; the new
   * katran is gone then and the active slot is as it was.
   */
  async #succeed(
    launch: Launch,
    services: Services | undefined,
    predecessor: Predecessor | undefined,
  ): Promise<Reign> {
    await this.#array.clear(this.#array.staging);
    const katran = await begin(launch, this.#parts);
    const offspring = new Offspring(launch, katran);
    let client: KatranServicesClient | undefined;
    try {
      const start = await waitUntilUp(launch, this.#parts, katran, { services, sharesPort: true });
      if (start.client === undefined)
        throw new NotTakenOver(notUpInWords(launch, katran, start.why), start.why);
      client = start.client;
      const latest = predecessor === undefined ? undefined : await this.#catchUp(predecessor, client);
      await this.#takeOver(katran, predecessor);
      await deleteLeftFilters(launch, this.#parts.tcProgramsOf(katran.pid));
      // It may die before its services are first read.
      this.#remembered = latest ?? services ?? NO_SERVICES;
      announceUp(launch, katran);
      const replace = (): void => void this.#requests.ask();
      return { launch, katran, client, watched: supervise(launch, katran, client, replace) };
    } catch (error) {
      client?.close();
      await this.#discard(katran, offspring);
      throw error;
    }
  }

  /** What was changed at the predecessor since its services were read. One that has died meanwhile has nothing to add. */
  async #catchUp(predecessor: Predecessor, client: KatranServicesClient): Promise<Services | undefined> {
    let latest: Services;
    try {
      latest = await this.#servicesOf(predecessor);
    } catch {
      return undefined;
    }
    await restoreServices({ calls: client, wanted: latest, exact: true });
    return latest;
  }

  /** The one step from the predecessor's program to the successor's. */
  async #takeOver(katran: KatranProcess, predecessor: Predecessor | undefined): Promise<void> {
    const { active, staging, path } = this.#array;
    const program = await this.#array.programIn(staging);
    if (program === undefined || !this.#parts.programsOf(katran.pid).includes(program))
      throw new Failure(
        `katran (pid ${katran.pid}) is up, but slot ${staging} of ${path} holds ${program === undefined ? 'no program' : `program ${program}, which is not its own`}`,
      );
    await this.#array.put(active, program);
    await this.#array.clear(staging);
    if (predecessor === undefined) return;
    await predecessor.end();
    this.#first.tally.handovers += 1;
    this.#first.log.info(
      `katran (pid ${katran.pid}) has taken over from katran (pid ${predecessor.pid}): program ${program} is in slot ${active}`,
    );
  }

  /** Ends a katran that has not taken over. Killed, it deletes nothing that belongs to its predecessor. */
  async #discard(katran: KatranProcess, offspring: Offspring): Promise<void> {
    katran.kill('SIGKILL');
    await katran.exited;
    await offspring.endRest();
    await this.#array.clear(this.#array.staging);
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
      const words = `the handover was given up: ${error.message}; katran (pid ${predecessor.pid}) goes on`;
      log.error(words);
      request.answer({ done: false, words });
      return reign;
    }
    await this.#end(reign, 'died');
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
    log.error(`${describeExit(exit, 'running')}; its program in slot ${active} of ${path} forwards on`);
    await this.#end(reign, 'died');
    for (let wait = FIRST_PAUSE_MS; ; wait *= 2) {
      if (!this.#mayRestart()) {
        log.error(
          `katran died ${MOST_RESTARTS + 1} times in ${RESTARTS_WITHIN_MS / 60_000} minutes and is not started again; the program in slot ${active} of ${path} forwards on, and nobody looks after it`,
        );
        return unaskedStatusOf(exit);
      }
      try {
        const services = await this.#inheritance(undefined, true);
        return await this.#succeed(this.#again(gateway), services, undefined);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (asked()) return await this.#emptied(0);
        log.error(`katran's successor did not take over: ${error.message}`);
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

function notUpInWords(launch: Launch, katran: KatranProcess, why: NotUp): string {
  switch (why.kind) {
    case 'exited':
      return describeExit(why.exit, 'starting');
    case 'timeout':
      return lateInWords(launch, katran);
    case 'stopped':
      return `the launcher was stopped before katran (pid ${katran.pid}) was up`;
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
