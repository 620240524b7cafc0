import { addAbortListener } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { checkOwnPort, isListening } from '../katran/port.ts';
import type { KatranServicesClient } from '../katran/calls.ts';
import { openKatranClientAhead, openKatranClientOf } from '../katran/lazy-client.ts';
import { startKatran, type KatranExit, type KatranProcess } from '../katran/process.ts';
import { restoreShown } from '../katran/services/restore-shown.ts';
import type { Services } from '../katran/services/types.ts';
import { openRoot } from '../linux/root.ts';
import { tcProgramsOf, xdpProgramsOf } from '../linux/xdp-programs.ts';
import { shellLine } from '../terminal/shell-quote.ts';
import { pushUntilItReadsBack, waitForAnswer } from './readiness.ts';
import type { Launch } from './types.ts';

/** How katran is started and called. */
export interface LaunchParts {
  readonly startKatran: typeof startKatran;
  readonly openClient: (address: string) => Promise<KatranServicesClient>;
  /** A client for this one of two katrans that share the port. */
  readonly openClientOf: (pid: number, address: string) => Promise<KatranServicesClient>;
  readonly isListening: typeof isListening;
  /** Ids of the XDP programs that a process holds. */
  readonly programsOf: (pid: number) => readonly number[];
  /** Ids of its tc programs. */
  readonly tcProgramsOf: (pid: number) => readonly number[];
}

export const PARTS: LaunchParts = {
  startKatran,
  openClient: openKatranClientAhead,
  openClientOf: openKatranClientOf,
  isListening,
  programsOf: (pid) => xdpProgramsOf(openRoot('/'), pid),
  tcProgramsOf: (pid) => tcProgramsOf(openRoot('/'), pid),
};

/** Why the waiting for katran ended before it was up. */
export type NotUp =
  | { readonly kind: 'exited'; readonly exit: KatranExit }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'timeout' };

/**
 * How a start ended: with the client of a katran that answers, is the one that was started, and has its MAC and its services. One that is
 * not up may still be running.
 */
export type Start =
  { readonly client: KatranServicesClient } | { readonly client: undefined; readonly why: NotUp };

/**
 * Ends at katran's exit, at a signal that asks to stop, or after `-start_timeout`, whichever comes first. The time is for its answer
 * and its MAC: hundreds of VIPs take longer.
 */
function interruption(
  { desk, options }: Launch,
  katran: KatranProcess,
): { signal: AbortSignal; why(): NotUp | undefined; answered(): void; clear(): void } {
  const controller = new AbortController();
  let why: NotUp | undefined;
  const end = (reason: NotUp): void => {
    why ??= reason;
    controller.abort(reason);
  };
  const stopping = addAbortListener(desk.stop, () => end({ kind: 'stopped' }));
  const timer = setTimeout(() => end({ kind: 'timeout' }), options.start_timeout);
  void katran.exited.then((exit) => end({ kind: 'exited', exit }));
  return {
    signal: controller.signal,
    why: () => why,
    answered: () => clearTimeout(timer),
    clear: () => {
      clearTimeout(timer);
      stopping[Symbol.dispose]();
    },
  };
}

export interface StartOptions {
  /** What katran is given before it counts as up; undefined: nothing. */
  readonly services: Services | undefined;
  /** Another katran of ours may have the port too: calls are proven to reach this one. */
  readonly sharesPort: boolean;
}

async function comeUp(
  launch: Launch,
  parts: LaunchParts,
  katran: KatranProcess,
  client: KatranServicesClient,
  { services, sharesPort }: StartOptions,
  { signal: until, answered }: Pick<ReturnType<typeof interruption>, 'signal' | 'answered'>,
): Promise<void> {
  const { log, gateway, endpoint, progress, tally } = launch;
  await waitForAnswer({
    client,
    log,
    until,
    isListening: () => parts.isListening(endpoint, katran.pid, sharesPort),
  });
  if (!sharesPort) checkOwnPort(endpoint, katran.pid);
  await pushUntilItReadsBack({
    client,
    mac: gateway.mac,
    log,
    until,
    onRefused: () => (tally.macRefusals += 1),
  });
  tally.macPushes += 1;
  answered();
  if (services !== undefined) {
    const { vips } = await restoreShown(
      { calls: client, wanted: services, exact: false, signal: until },
      { progress, log },
    );
    log.info(`katran has its services: ${vips} VIPs`);
  }
  until.throwIfAborted();
}

/** Between a call that fails because katran has died and the report of its end. */
const END_PATIENCE_MS = 1_000;

const isUnavailable = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'UNAVAILABLE';

/** Fulfilled when katran has ended, or after that many ms. */
async function endedWithin(katran: KatranProcess, ms: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([katran.exited, pause(ms, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
}

/** Starts katran. Throws Failure when it cannot be executed. */
export async function begin(launch: Launch, parts: LaunchParts): Promise<KatranProcess> {
  const { output, environment, log, binary, command, tally } = launch;
  const { stdout, stderr } = output;
  const katran = await parts.startKatran(binary, command, { stdout, stderr, environment });
  tally.katranStarts += 1;
  log.info(`starting katran, pid ${katran.pid}: ${shellLine(command)}`);
  return katran;
}

/**
 * Waits until the katran is up, has died, is to be stopped, or took too long; it is left as it is then. Throws what else went wrong,
 * with the katran left as it is.
 */
export async function waitUntilUp(
  launch: Launch,
  parts: LaunchParts,
  katran: KatranProcess,
  options: StartOptions,
): Promise<Start> {
  const { desk, endpoint, progress, manager } = launch;
  const waitingFor = `waiting for katran (pid ${katran.pid}) to answer on ${endpoint.address}`;
  desk.describe(() => waitingFor);
  manager.status(waitingFor);
  const waiting = interruption(launch, katran);
  progress.begin(waitingFor);
  let client: KatranServicesClient | undefined;
  try {
    client = options.sharesPort
      ? await parts.openClientOf(katran.pid, endpoint.address)
      : await parts.openClient(endpoint.address);
    await comeUp(launch, parts, katran, client, options, waiting);
    return { client };
  } catch (error) {
    client?.close();
    if (isUnavailable(error)) await endedWithin(katran, END_PATIENCE_MS);
    const why = waiting.why();
    if (why === undefined) throw error;
    return { client: undefined, why };
  } finally {
    waiting.clear();
    progress.end();
  }
}

/** That a katran is up, for the log and the service manager. */
export function announceUp({ log, gateway, manager }: Launch, katran: KatranProcess): void {
  log.info(`Mac address is ${gateway.mac}`);
  log.info('katran is up and running');
  manager.ready(upStatus(katran, gateway.mac));
}

/** What a service manager shows of a katran that is up. */
export function upStatus({ pid }: KatranProcess, mac: string): string {
  return `katran (pid ${pid}) is up with MAC ${mac}`;
}
