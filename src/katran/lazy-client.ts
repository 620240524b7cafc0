import { setTimeout as pause } from 'node:timers/promises';
import { ownsServerEnd } from '../linux/tcp-peers.ts';
import { openRoot } from '../linux/root.ts';
import type { KatranServicesClient } from './calls.ts';

/** A client for katran at this address; gRPC is loaded here, and on no other path. */
export async function openKatranClientLazily(address: string): Promise<KatranServicesClient> {
  const { openKatranClient } = await import('./client.ts');
  return openKatranClient(address);
}

/** The same for a katran that is starting: what its first call can find done is done meanwhile. */
export async function openKatranClientAhead(address: string): Promise<KatranServicesClient> {
  const { openKatranClient, rehearseCall } = await import('./client.ts');
  await rehearseCall();
  return openKatranClient(address);
}

/** A katran accepts a connection in the first milliseconds; one that is stopped does not. */
const ACCEPT_PATIENCE_MS = 500;
const ACCEPT_POLL_MS = 2;

/**
 * The same for one of two katrans that share the port: no call is made on a connection before it is seen that this process has
 * accepted it.
 */
export async function openKatranClientOf(pid: number, address: string): Promise<KatranServicesClient> {
  const { openKatranClient, rehearseCall } = await import('./client.ts');
  await rehearseCall();
  const root = openRoot('/');
  return openKatranClient(address, async ({ localPort, remotePort }) => {
    if (localPort === undefined || remotePort === undefined) return false;
    const deadline = performance.now() + ACCEPT_PATIENCE_MS;
    for (;;) {
      const owned = ownsServerEnd(root, pid, remotePort, localPort);
      if (owned !== undefined) return owned;
      if (performance.now() >= deadline) return false;
      await pause(ACCEPT_POLL_MS);
    }
  });
}
