import { EXIT, Failure } from '../failure.ts';
import type { KatranServicesClient } from '../katran/calls.ts';
import { describeExit, type Phase } from '../katran/exit-words.ts';
import { exitStatusOf, unaskedStatusOf, type KatranExit, type KatranProcess } from '../katran/process.ts';
import { leftBehind } from './left-behind.ts';
import { Offspring } from './offspring.ts';
import { stopKatran } from './shutdown.ts';
import { announceUp, begin, PARTS, waitUntilUp, type LaunchParts, type NotUp } from './start.ts';
import { lookForProgram } from '../katran/program.ts';
import { placeOf } from './program-place.ts';
import { Lost, supervise, type Watched } from './supervision.ts';
import type { Launch } from './types.ts';

/** Stops katran in order, and shows meanwhile that it is waited for. */
export function stopInOrder(launch: Launch, katran: KatranProcess): Promise<KatranExit> {
  const { desk, options, progress, log } = launch;
  desk.describe(
    () =>
      `waiting for katran (pid ${katran.pid}) to end; it takes ${options.shutdown_delay} ms by -shutdown_delay`,
  );
  return progress.during(`waiting for katran (pid ${katran.pid}) to end`, () =>
    stopKatran({ katran, shutdownDelayMs: options.shutdown_delay, log }),
  );
}

/**
 * Starts katran and stays with it until it ends. Gives the launcher's exit status. Whatever happens in here, katran does
 * not outlive it: the only exception is a SIGKILL of the launcher itself.
 */
export async function launchKatran(launch: Launch, parts: LaunchParts = PARTS): Promise<number> {
  const { log, output } = launch;
  const katran = await begin(launch, parts);
  const offspring = new Offspring(launch, katran);
  output.handedOver();
  let client: KatranServicesClient | undefined;
  let watched: Watched | undefined;
  try {
    const services = launch.servicesOfFile();
    const start = await waitUntilUp(launch, parts, katran, { services, sharesPort: false });
    if (start.client === undefined) return await giveUp(launch, katran, start.why);
    client = start.client;
    await requireForwarding(launch, katran);
    announceUp(launch, katran);
    watched = supervise(launch, katran, client);
    const ended = await Promise.race([katran.exited, watched.stopRequested, watched.lost]);
    if (ended !== undefined && !(ended instanceof Lost)) {
      // Katran's own last lines are out before what is said of them.
      await output.close();
      sayFailure(launch, describeExit(ended, 'running', await leftBehind(launch, ended, 'running', false)));
      // First, so that no call under way is waited for: there is nobody left to answer it.
      client.close();
      await watched.stop('died');
      return unaskedStatusOf(ended);
    }
    if (ended instanceof Lost) launch.manager.failed(ended.why);
    await watched.stop('asked');
    client.close();
    const exit = await stopInOrder(launch, katran);
    await sayEnd(launch, exit, 'running');
    return ended instanceof Lost ? EXIT.failed : exitStatusOf(exit);
  } catch (error) {
    const foreseen = error instanceof Failure;
    // What nobody has foreseen is told with its trace, once katran has ended.
    if (foreseen) sayFailure(launch, `stopping katran (pid ${katran.pid}): ${error.message}`);
    else log.error(`stopping katran (pid ${katran.pid})`);
    await watched?.stop('died');
    client?.close();
    await stopInOrder(launch, katran);
    if (foreseen) return error.exitStatus;
    throw error;
  } finally {
    if (await offspring.endRest()) {
      const left = await leftBehind(launch, { code: null, signal: 'SIGTERM' }, 'starting', true);
      if (left !== undefined) log.error(`it was ended while it was starting: ${left}`);
    }
  }
}

/** Why the launch fails, for the log and for what the service manager shows of it. */
export function sayFailure({ log, manager }: Launch, why: string): void {
  log.error(why);
  manager.failed(why);
}

/** How a katran that was to end has ended. */
async function sayEnd(launch: Launch, exit: KatranExit, phase: Phase): Promise<void> {
  launch.log.info(describeExit(exit, phase, await leftBehind(launch, exit, phase, true)));
}

/** The end of a katran that has not ended in order. */
async function sayViolentEnd(launch: Launch, exit: KatranExit): Promise<void> {
  if (exit.signal !== null) await sayEnd(launch, exit, 'starting');
}

/** A katran whose packets go nowhere is not up. Throws Failure. */
async function requireForwarding(launch: Launch, katran: KatranProcess): Promise<void> {
  if (launch.options.forwarding_guard === 'off') return;
  const sight = await lookForProgram(placeOf(launch), katran.pid);
  if (sight.kind === 'gone' || sight.kind === 'other')
    throw new Failure(
      `katran answers and forwards nothing: ${sight.what}; see who else works on ${launch.interfaceName}`,
    );
}

/** That a katran did not answer in time. */
export function lateInWords({ options, endpoint }: Launch, katran: KatranProcess): string {
  return (
    `katran (pid ${katran.pid}) was not up ${options.start_timeout} ms after its start (-start_timeout): ` +
    `its gRPC server at ${endpoint.address} did not answer, or did not take the MAC`
  );
}

async function giveUp(launch: Launch, katran: KatranProcess, why: NotUp): Promise<number> {
  switch (why.kind) {
    case 'exited': {
      await launch.output.close();
      sayFailure(
        launch,
        describeExit(why.exit, 'starting', await leftBehind(launch, why.exit, 'starting', false)),
      );
      return unaskedStatusOf(why.exit);
    }
    case 'stopped': {
      const exit = await stopInOrder(launch, katran);
      await sayEnd(launch, exit, 'starting');
      return exitStatusOf(exit);
    }
    case 'timeout':
      sayFailure(launch, `${lateInWords(launch, katran)}; stopping it`);
      await sayViolentEnd(launch, await stopInOrder(launch, katran));
      return EXIT.failed;
  }
}
