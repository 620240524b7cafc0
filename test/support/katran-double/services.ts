import { canonicalAddress } from './address.ts';

export interface VipKey {
  /** As it was typed: katran's keys are texts, so that `FD20::1` and `fd20::1` are two VIPs. */
  readonly address: string;
  /** 0-65535. */
  readonly port: number;
  /** 0-255. */
  readonly protocol: number;
}

export interface Real {
  readonly address: string;
  readonly weight: number;
  readonly flags: number;
}

export interface Vip extends VipKey {
  /** 0-511: its place in the counters; free again when it is deleted. */
  readonly number: number;
  flags: number;
  /** Weights by canonical address. */
  readonly weights: Map<string, number>;
}

/** What was said: done, or refused, which the caller makes CANCELLED; a read of nothing is refused too. */
export type Done = boolean;

const MAX_VIPS = 512;
/** One less than the map's 4,096: its first entry is no real. */
const MAX_REALS = 4095;
const MAX_QUIC_ID = 0xff_fffe;

/**
 * The VIPs, reals, QUIC ids and healthchecks of one katran, changed as its calls change them. Whoever forwards packets
 * gets every VIP that changed, and the numbers of those that are gone.
 */
export class Services {
  readonly #vips = new Map<string, Vip>();
  readonly #quic = new Map<number, string>();
  readonly #healthchecks = new Map<number, string>();
  /** By canonical address, of every real that a VIP or a QUIC id has: its flags and how often it is used. */
  readonly #reals = new Map<string, { flags: number; uses: number }>();
  readonly #healthchecking: boolean;

  constructor(healthchecking: boolean) {
    this.#healthchecking = healthchecking;
  }

  vip(key: VipKey): Vip | undefined {
    return this.#vips.get(textOf(key));
  }

  vips(): Vip[] {
    return inHashOrder([...this.#vips.values()], textOf);
  }

  addVip(key: VipKey, flags: number): Done {
    if (this.#vips.size >= MAX_VIPS || canonicalAddress(key.address) === undefined) return false;
    if (this.vip(key) !== undefined) return false;
    const taken = new Set([...this.#vips.values()].map(({ number }) => number));
    let number = 0;
    while (taken.has(number)) number++;
    this.#vips.set(textOf(key), { ...key, number, flags, weights: new Map() });
    return true;
  }

  delVip(key: VipKey): Done {
    const vip = this.vip(key);
    for (const address of vip?.weights.keys() ?? []) this.#release(address);
    return this.#vips.delete(textOf(key));
  }

  modifyVip(key: VipKey, flags: number, set: boolean): Done {
    const vip = this.vip(key);
    if (vip === undefined) return false;
    vip.flags = changeBits(vip.flags, flags, set);
    return true;
  }

  reals(vip: Vip): Real[] {
    const reals = [...vip.weights].map(([address, weight]) => ({
      address,
      weight,
      flags: this.#reals.get(address)?.flags ?? 0,
    }));
    return inHashOrder(reals, ({ address }) => address);
  }

  /** A real that is no address, or finds no room, is passed over; the flags count when katran gets to know the real. */
  addReals(vip: Vip, reals: readonly Real[]): void {
    for (const real of reals) {
      const address = canonicalAddress(real.address);
      if (address === undefined) continue;
      if (!vip.weights.has(address) && !this.#use(address, real.flags)) continue;
      vip.weights.set(address, real.weight);
    }
  }

  delReals(vip: Vip, reals: readonly Real[]): void {
    for (const real of reals) {
      const address = canonicalAddress(real.address);
      if (address !== undefined && vip.weights.delete(address)) this.#release(address);
    }
  }

  modifyReal(text: string, flags: number, set: boolean): Done {
    const real = this.#reals.get(canonicalAddress(text) ?? '');
    if (real === undefined) return false;
    real.flags = changeBits(real.flags, realFlags(flags), set);
    return true;
  }

  quic(): { address: string; id: number }[] {
    const reals = [...this.#quic].map(([id, address]) => ({ address, id }));
    return inHashOrder(reals, ({ id }) => String(id));
  }

  addQuic(id: number, text: string): void {
    const address = canonicalAddress(text);
    if (address === undefined || id < 0 || id > MAX_QUIC_ID || this.#quic.get(id) === address) return;
    const before = this.#quic.get(id);
    if (!this.#use(address, 0)) return;
    if (before !== undefined) this.#release(before);
    this.#quic.set(id, address);
  }

  delQuic(id: number, text: string): void {
    const address = canonicalAddress(text);
    if (address === undefined || this.#quic.get(id) !== address) return;
    this.#quic.delete(id);
    this.#release(address);
  }

  /** Undefined without healthchecking. */
  healthchecks(): Record<number, string> | undefined {
    return this.#healthchecking ? Object.fromEntries(this.#healthchecks) : undefined;
  }

  addHealthcheck(somark: number, address: string): Done {
    if (!this.#healthchecking || canonicalAddress(address) === undefined) return false;
    this.#healthchecks.set(somark, address);
    return true;
  }

  delHealthcheck(somark: number): Done {
    return this.#healthchecking && this.#healthchecks.delete(somark);
  }

  #use(address: string, flags: number): boolean {
    const known = this.#reals.get(address);
    if (known === undefined && this.#reals.size >= MAX_REALS) return false;
    this.#reals.set(address, { flags: known?.flags ?? realFlags(flags), uses: (known?.uses ?? 0) + 1 });
    return true;
  }

  #release(address: string): void {
    const known = this.#reals.get(address);
    if (known === undefined) return;
    known.uses -= 1;
    if (known.uses === 0) this.#reals.delete(address);
  }
}

function textOf({ address, port, protocol }: VipKey): string {
  return `${address} ${port} ${protocol}`;
}

function changeBits(flags: number, bits: number, set: boolean): number {
  return (set ? flags | bits : flags & ~bits) >>> 0;
}

/** Eight bits, of which katran keeps the lowest, "is IPv6", to itself. */
function realFlags(flags: number): number {
  return flags & 0xfe;
}

/** Neither the order in which they came nor that of their names: whoever compares must sort. */
function inHashOrder<T>(items: readonly T[], name: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, hash: fnv1a(name(item)) }))
    .sort((a, b) => a.hash - b.hash)
    .map(({ item }) => item);
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
