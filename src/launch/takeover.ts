import { Failure, messageOf } from '../failure.ts';
import type { KatranServicesClient } from '../katran/calls.ts';
import { describeExit } from '../katran/exit-words.ts';
import type { KatranProcess } from '../katran/process.ts';
import type { RootArray } from '../katran/root-array.ts';
import { isSame, merged } from '../katran/services/merged.ts';
import { readServices } from '../katran/services/read.ts';
import { restoreServices } from '../katran/services/restore.ts';
import { NO_SERVICES, type Services } from '../katran/services/types.ts';
import { deleteFiltersSince, deleteLeftFilters, healthcheckPrograms } from './healthcheck-filters.ts';
import { lateInWords } from './launch.ts';
import { Offspring } from './offspring.ts';
import type { Predecessor } from './predecessor.ts';
import { announceUp, begin, waitUntilUp, type LaunchParts, type NotUp } from './start.ts';
import type { Launch } from './types.ts';

/** The next katran did not come up; `why` is how its start ended. */
export class NotTakenOver extends Failure {
  readonly why: NotUp;

  constructor(message: string, why: NotUp) {
    super(message);
    this.why = why;
  }
}

/** A katran whose program has the active slot. */
export interface Successor {
  readonly katran: KatranProcess;
  readonly client: KatranServicesClient;
  /** What it was given. */
  readonly services: Services;
}

export interface TakeoverOptions {
  readonly array: RootArray;
  readonly parts: LaunchParts;
  readonly services: Services | undefined;
  /** The katran that forwards now, where one runs. */
  readonly predecessor: Predecessor | undefined;
}

/** The services of one of two katrans that share the port. Throws. */
export async function servicesOf(parts: LaunchParts, { pid, address }: Predecessor): Promise<Services> {
  const client = await parts.openClientOf(pid, address);
  try {
    return await readServices(client);
  } finally {
    client.close();
  }
}

/**
 * Starts a katran in the staging slot, brings it up, gives it the active slot, and ends its predecessor. Throws NotTakenOver, or what else
 * went wrong; the new katran is gone then and the active slot is as it was.
 */
export async function takeOver(launch: Launch, options: TakeoverOptions): Promise<Successor> {
  const { array, parts, services } = options;
  await array.clear(array.staging);
  const filters = await healthcheckPrograms(launch);
  const katran = await begin(launch, parts);
  const offspring = new Offspring(launch, katran);
  let client: KatranServicesClient | undefined;
  try {
    const start = await waitUntilUp(launch, parts, katran, { services, sharesPort: true });
    if (start.client === undefined)
      throw new NotTakenOver(notUpInWords(launch, katran, start.why), start.why);
    client = start.client;
    const given = await catchUp(options, client, services ?? NO_SERVICES);
    await changeSlot(launch, options, { katran, client, services: given.services }, given.told);
    announceUp(launch, katran);
    return { katran, client, services: given.services };
  } catch (error) {
    client?.close();
    await discard(array, katran, offspring);
    await deleteFiltersSince(launch, filters);
    throw error;
  }
}

/**
 * Gives the new katran what was changed at its predecessor since it had these services. What a client changed at the new one, whose port is the
 * same, stays. `told`: the predecessor answered; one that has died has nothing to add. Throws what goes wrong at the new one.
 */
async function catchUp(
  { parts, predecessor }: Pick<TakeoverOptions, 'parts' | 'predecessor'>,
  client: KatranServicesClient,
  since: Services,
): Promise<{ readonly services: Services; readonly told: boolean }> {
  if (predecessor === undefined) return { services: since, told: false };
  let latest: Services;
  try {
    latest = await servicesOf(parts, predecessor);
  } catch {
    return { services: since, told: false };
  }
  if (!isSame(since, latest)) {
    const wanted = merged(since, latest, await readServices(client));
    await restoreServices({ calls: client, wanted, exact: true });
  }
  return { services: latest, told: true };
}

/** The one step from the predecessor's program to the successor's, and what follows it. Throws only when that step was not made. */
async function changeSlot(
  launch: Launch,
  { array, parts, predecessor }: TakeoverOptions,
  { katran, client, services }: Successor,
  tells: boolean,
): Promise<void> {
  const { tally, log } = launch;
  const { active, staging, path } = array;
  const program = await array.programIn(staging);
  if (program === undefined || !parts.programsOf(katran.pid).includes(program))
    throw new Failure(
      `katran (pid ${katran.pid}) is up, but slot ${staging} of ${path} holds ${program === undefined ? 'no program' : `program ${program}, which is not its own`}`,
    );
  await giveSlot(array, program);
  // It has the packets now: what fails after this is said, and does not undo it.
  const taken = `katran (pid ${katran.pid}) has taken over`;
  const tidied = async (what: string, step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      log.error(`${taken}, but ${what}: ${messageOf(error)}`);
    }
  };
  await tidied(`the staging slot ${staging} was not emptied`, () => array.clear(staging));
  if (predecessor !== undefined) {
    if (tells)
      await tidied('what was changed at its predecessor in the last moment is lost', async () => {
        await catchUp({ parts, predecessor }, client, services);
      });
    await tidied('its predecessor was not ended', () => predecessor.end());
    tally.handovers += 1;
    log.info(`${taken} from katran (pid ${predecessor.pid}): program ${program} is in slot ${active}`);
  }
  await deleteLeftFilters(launch, parts.tcProgramsOf(katran.pid));
}

/** Puts a program into the active slot. An update that is said to have failed may have been made: the slot itself decides. */
async function giveSlot(array: RootArray, program: number): Promise<void> {
  try {
    await array.put(array.active, program);
  } catch (error) {
    const there = await array.programIn(array.active).catch(() => undefined);
    if (there !== program) throw error;
  }
}

/** Ends a katran that has not taken over. Killed, it deletes nothing that belongs to its predecessor. */
async function discard(array: RootArray, katran: KatranProcess, offspring: Offspring): Promise<void> {
  katran.kill('SIGKILL');
  await katran.exited;
  await offspring.endRest();
  await array.clear(array.staging);
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
