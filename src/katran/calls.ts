import type { Counters, ServiceCalls } from './services/calls.ts';

/** The calls the launcher makes, each with a deadline of its own in ms. All of them throw KatranCallError. */
export interface KatranClient {
  /** The raw text katran answers with: lower case, from some releases with a colon at its end. */
  getMac(deadlineMs: number): Promise<string>;
  /** Katran's success flag, which is true for an invalid MAC too: validate before, read back after. */
  changeMac(mac: string, deadlineMs: number): Promise<boolean>;
  /** v1: packets that used the small shared fallback table, since katran's start. */
  getLruFallbackStats(deadlineMs: number): Promise<Counters>;
  /** Ends calls under way (CANCELLED) and closes every connection at once: one left open costs katran 20 s at its end. */
  close(): void;
}

/** A client that can also be asked, and told, about VIPs and reals. */
export interface KatranServicesClient extends KatranClient, ServiceCalls {}
