import { messageOf } from '../failure.ts';
import { openKatranClientLazily } from '../katran/lazy-client.ts';
import { describeExit } from '../katran/exit-words.ts';
import { exitStatusOf, startKatran, type KatranExit, type KatranProcess } from '../katran/process.ts';
import type { KatranClient } from '../katran/call-error.ts';
import { checkOwnPort } from '../katran/port.ts';
import { pushUntilItReadsBack, waitForAnswer } from './readiness.ts';
import { shellLine } from '../terminal/shell-quote.ts';
import { stopKatran } from './shutdown.ts';
import { supervise, upStatus, type Watched } from './supervision.ts';
import type { Launch } from './types.ts';

/** How katran is started and called. */
export interface LaunchParts {
  readonly startKatran: typeof startKatran;
  readonly openClient: (address: string) => Promise<KatranClient>;
}

const PARTS: LaunchParts = { startKatran, openClient: openKatranClientLazily };

/** Why the waiting for katran ended before it was up. */
type Interruption =
  | { readonly kind: 'exited'; readonly exit: KatranExit }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'timeout' };

/** Ends at katran's exit, at a signal that asks to stop, or after `-start_timeout`, whichever comes first. */
function interruption(
  launch: Launch,
  katran: KatranProcess,
): { signal: AbortSignal; why(): Interruption | undefined; clear(): void } {
  const { desk, options } = launch;
  const controller = new AbortController();
  let why: Interruption | undefined;
  const end = (reason: Interruption): void => {
    why ??= reason;
    controller.abort(reason);
  };
  const stop = (): void => end({ kind: 'stopped' });
  const timer = setTimeout(() => end({ kind: 'timeout' }), options.start_timeout);
  void katran.exited.then((exit) => end({ kind: 'exited', exit }));
  if (desk.stop.aborted) stop();
  else desk.stop.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    why: () => why,
    clear: () => {
      clearTimeout(timer);
      desk.stop.removeEventListener('abort', stop);
    },
  };
}

/** katran answers, is the one we started, and has the MAC. Throws the interruption's signal reason before that. */
async function comeUp(
  launch: Launch,
  katran: KatranProcess,
  client: KatranClient,
  until: AbortSignal,
): Promise<void> {
  const { log, gateway } = launch;
  await waitForAnswer({ client, log, until });
  checkOwnPort(launch.endpoint, katran.pid);
  await pushUntilItReadsBack({ client, mac: gateway.mac, log, until });
  until.throwIfAborted();
}

/**
 * Starts katran and stays with it until it ends. Gives the launcher's exit status. Whatever happens in here, katran does
 * not outlive it: the only exception is a SIGKILL of the launcher itself.
 */
export async function launchKatran(launch: Launch, parts: LaunchParts = PARTS): Promise<number> {
  const { log, desk, options, interfaceName, endpoint, progress, output, environment, manager } = launch;
  const { stdout, stderr } = output;
  const katran = await parts.startKatran(launch.binary, launch.command.slice(1), {
    stdout,
    stderr,
    environment,
  });
  output.handedOver();
  log.info(`starting katran, pid ${katran.pid}: ${shellLine(launch.command)}`);
  desk.describe(() => `waiting for katran (pid ${katran.pid}) to answer on ${endpoint.address}`);
  manager.status(`waiting for katran (pid ${katran.pid}) to answer on ${endpoint.address}`);
  const stop = (): Promise<KatranExit> => {
    desk.describe(
      () =>
        `waiting for katran (pid ${katran.pid}) to end; it takes ${options.shutdown_delay} ms by -shutdown_delay`,
    );
    return progress.during(`waiting for katran (pid ${katran.pid}) to end`, () =>
      stopKatran({ katran, shutdownDelayMs: options.shutdown_delay, interfaceName, log }),
    );
  };

  const waiting = interruption(launch, katran);
  let client: KatranClient | undefined;
  let watched: Watched | undefined;
  try {
    progress.begin(`waiting for katran (pid ${katran.pid}) to answer on ${endpoint.address}`);
    client = await parts.openClient(endpoint.address);
    try {
      await comeUp(launch, katran, client, waiting.signal);
    } catch (error) {
      const why = waiting.why();
      if (why === undefined) throw error;
      progress.end();
      client.close();
      return await giveUp(launch, katran, why, stop);
    } finally {
      waiting.clear();
      progress.end();
    }
    log.info(`Mac address is ${launch.gateway.mac}`);
    log.info('katran is up and running');
    manager.ready(upStatus(katran, launch.gateway.mac));
    watched = supervise(launch, katran, client);
    const ended = await Promise.race([katran.exited, watched.stopRequested]);
    if (ended !== undefined) {
      log.error(describeExit(ended, 'running', interfaceName));
      // First, so that no call under way is waited for: there is nobody left to answer it.
      client.close();
      await watched.stop();
      return exitStatusOf(ended);
    }
    await watched.stop();
    client.close();
    const exit = await stop();
    log.info(describeExit(exit, 'running', interfaceName));
    return exitStatusOf(exit);
  } catch (error) {
    log.error(`stopping katran (pid ${katran.pid}): ${messageOf(error)}`);
    await watched?.stop();
    client?.close();
    await stop();
    throw error;
  }
}

async function giveUp(
  { log, options, endpoint, interfaceName }: Launch,
  katran: KatranProcess,
  why: Interruption,
  stop: () => Promise<KatranExit>,
): Promise<number> {
  switch (why.kind) {
    case 'exited': {
      log.error(describeExit(why.exit, 'starting', interfaceName));
      const status = exitStatusOf(why.exit);
      return status === 0 ? 1 : status;
    }
    case 'stopped': {
      const exit = await stop();
      log.info(describeExit(exit, 'starting', interfaceName));
      return exitStatusOf(exit);
    }
    case 'timeout':
      log.error(
        `katran (pid ${katran.pid}) was not up ${options.start_timeout} ms after its start (-start_timeout): ` +
          `its gRPC server at ${endpoint.address} did not answer, or did not take the MAC; stopping it`,
      );
      await stop();
      return 1;
  }
}
