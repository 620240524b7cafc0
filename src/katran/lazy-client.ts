import type { KatranServicesClient } from './call-error.ts';

/** A client for katran at this address; gRPC is loaded here, while katran starts, and on no other path. */
export async function openKatranClientLazily(address: string): Promise<KatranServicesClient> {
  const { openKatranClient } = await import('./client.ts');
  return openKatranClient(address);
}
