/** A server that packets are forwarded to. */
export interface Real {
  /** Canonical text of an IPv4 or IPv6 address. */
  readonly address: string;
  /** Its share; 0: in the list, but it gets no new connections. */
  readonly weight: number;
  /** Bits of katran's real flags; 0 from a katran that does not tell them. */
  readonly flags: number;
}

/** An address, port and protocol whose packets katran forwards. */
export interface Vip {
  /** Canonical. */
  readonly address: string;
  /** How katran spells the address, where that differs: it knows a VIP by the text it was added with (`FD20::1`). */
  readonly spelling?: string;
  readonly port: number;
  /** IP protocol: 6 is TCP, 17 is UDP. */
  readonly protocol: number;
  /** Bits of katran's VIP flags. */
  readonly flags: number;
  /** By address, each once. */
  readonly reals: readonly Real[];
}

export interface QuicReal {
  readonly address: string;
  readonly id: number;
}

export interface HealthcheckTarget {
  readonly somark: number;
  readonly address: string;
}

/** Everything that katran is told to balance, in one order: the same content is the same object. */
export interface Services {
  readonly vips: readonly Vip[];
  readonly quic: readonly QuicReal[];
  readonly healthchecks: readonly HealthcheckTarget[];
}

export const NO_SERVICES: Services = { vips: [], quic: [], healthchecks: [] };

/** What katran's stock BPF object has room for. */
export const MOST_VIPS = 512;
export const MOST_REALS = 4096;

/** Which VIP it is, whatever its flags and reals are; in calls the address is spelled as katran has it. */
export type VipKey = Pick<Vip, 'address' | 'port' | 'protocol'>;

const PROTOCOLS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp' };

/** `tcp`, `udp`, or the protocol's number. */
export function protocolName(protocol: number): string {
  return PROTOCOLS[protocol] ?? String(protocol);
}

/** `tcp 10.200.1.1:80`, `udp [fd00::1]:443`: for messages and tables, and to tell VIPs apart. */
export function vipName({ address, port, protocol }: VipKey): string {
  return `${protocolName(protocol)} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}
