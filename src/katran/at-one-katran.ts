import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { openRoot } from '../linux/root.ts';
import { listeningSocketsOn } from '../linux/tcp-listeners.ts';
import type { Log } from '../log/log.ts';
import { KatranCallError } from './call-error.ts';
import type { KatranServicesClient } from './calls.ts';
import type { KatranEndpoint } from './endpoint.ts';
import { openKatranClientLazily } from './lazy-client.ts';

/** More than a handover with hundreds of VIPs takes. */
const HANDOVER_MS = 120_000;
const POLL_MS = 50;
/** Handovers in a row that are followed. */
const MOST_HANDOVERS = 5;

/** The holder of a port on which nothing listens, and of one on another machine. */
const NOBODY = '';

export interface OneKatranOptions {
  readonly log: Log;
  readonly address: string;
  /** Which katran has the port, in some words that differ from the next one's, none where nobody has; undefined while two share it. */
  readonly holder: () => string | undefined;
  readonly open: () => Promise<KatranServicesClient>;
}

/** By the sockets that listen there: also who may not see whose they are sees that one took over from another. Throws KernelFileError. */
export function holderOfPort(endpoint: KatranEndpoint): string | undefined {
  const sockets = listeningSocketsOn(openRoot('/'), endpoint.port).filter(({ address }) =>
    endpoint.conflictsWith(address),
  );
  const addresses = new Set(sockets.map(({ address }) => address));
  if (addresses.size < sockets.length) return undefined;
  return sockets
    .map(({ inode }) => inode)
    .sort((a, b) => a - b)
    .join(' ');
}

/** The katran at an endpoint, for atOneKatran. */
export const katranAt = (endpoint: KatranEndpoint, log: Log): OneKatranOptions => ({
  log,
  address: endpoint.address,
  holder: () => holderOfPort(endpoint),
  open: () => openKatranClientLazily(endpoint.address),
});

/** Waits while two share the port. Throws Failure when that takes longer than a handover. */
async function soleHolder({ log, address, holder }: OneKatranOptions): Promise<string> {
  const deadline = performance.now() + HANDOVER_MS;
  for (let waited = false; ; waited = true) {
    const one = holder();
    if (one !== undefined) return one;
    if (performance.now() > deadline)
      throw new Failure(
        `two katrans share ${address}, for longer than a handover takes: a call may reach either`,
        { remedy: "see 'start-katran status', and stop one of them" },
      );
    if (!waited) log.info(`two katrans share ${address}: waiting for the end of the handover`);
    await pause(POLL_MS);
  }
}

/**
 * Does something with a katran that has its port to itself from the first call to the last. While one takes over from another a call reaches
 * either, and the new one has some of the services: it is waited for, and what a handover came into is done again. Throws as `use` does.
 */
export async function atOneKatran<T>(
  options: OneKatranOptions,
  use: (client: KatranServicesClient) => Promise<T>,
): Promise<T> {
  for (let handovers = 0; ; handovers += 1) {
    const before = await soleHolder(options);
    // A port that nobody has was left by a katran that died: in a handover the next one has it before.
    const isOver = (): boolean => {
      const now = options.holder();
      return now === before || now === NOBODY || handovers === MOST_HANDOVERS;
    };
    const client = await options.open();
    try {
      const result = await use(client);
      if (isOver()) return result;
    } catch (error) {
      if (!(error instanceof KatranCallError) || isOver()) throw error;
    } finally {
      client.close();
    }
    options.log.info('one katran took over from another meanwhile: doing it again');
  }
}
