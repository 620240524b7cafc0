import type { Real, VipKey } from './types.ts';

/** Two counters of katran; what they count differs from call to call. */
export interface Counters {
  readonly v1: bigint;
  readonly v2: bigint;
}

/**
 * The calls about services, each with a deadline in ms. All throw KatranCallError: CANCELLED is how katran refuses a change. That a
 * change succeeded says little (a real with a bad address "succeeds" and is not there): read back.
 */
export interface ServiceCalls {
  getAllVips(deadlineMs: number): Promise<readonly VipKey[]>;
  /** 18446744073709551615 for a VIP that katran does not have. */
  getVipFlags(vip: VipKey, deadlineMs: number): Promise<bigint>;
  /** With flags 0 from releases that do not tell those of reals. */
  getRealsForVip(vip: VipKey, deadlineMs: number): Promise<readonly Real[]>;
  addVip(vip: VipKey, flags: number, deadlineMs: number): Promise<boolean>;
  delVip(vip: VipKey, deadlineMs: number): Promise<boolean>;
  /** Sets the bits, or clears them. */
  modifyVip(vip: VipKey, bits: number, set: boolean, deadlineMs: number): Promise<boolean>;
  modifyRealsForVip(
    action: 'ADD' | 'DEL',
    vip: VipKey,
    reals: readonly Real[],
    deadlineMs: number,
  ): Promise<boolean>;
  modifyReal(address: string, bits: number, set: boolean, deadlineMs: number): Promise<boolean>;
  getQuicRealsMapping(deadlineMs: number): Promise<readonly { address: string; id: number }[]>;
  modifyQuicRealsMapping(
    action: 'ADD' | 'DEL',
    reals: readonly { readonly address: string; readonly id: number }[],
    deadlineMs: number,
  ): Promise<boolean>;
  /** Refused unless katran was started with -hc_forwarding=true. */
  getHealthcheckersDst(deadlineMs: number): Promise<readonly { somark: number; address: string }[]>;
  addHealthcheckerDst(somark: number, address: string, deadlineMs: number): Promise<boolean>;
  delHealthcheckerDst(somark: number, deadlineMs: number): Promise<boolean>;
  /** v1: packets, v2: bytes, since katran's start. */
  getStatsForVip(vip: VipKey, deadlineMs: number): Promise<Counters>;
  /** v1: packets that looked into the connection table, v2: those that were not in it. */
  getLruStats(deadlineMs: number): Promise<Counters>;
  /** v1: of those, TCP SYN; v2: others. */
  getLruMissStats(deadlineMs: number): Promise<Counters>;
}
