import type { PlannedNic, Vector } from '../affinity/types.ts';
import type { Gateway } from '../gateway/types.ts';
import type { Topology } from '../linux/cpu-topology.ts';
import type { InterruptCounters } from '../linux/interrupt-counters.ts';
import type { Traffic, VipTraffic } from '../katran/services/traffic.ts';
import type { FoundKatran } from '../katran/find-katran.ts';
import type { Sight } from '../katran/program.ts';
import type { XdpMode } from '../tools/ip.ts';

/** What an attempt gave: the answer, or in words why there is none. */
export type Answer<T> = { readonly value: T } | { readonly trouble: string };

/** How the XDP program is attached; `none`: there is no program. */
export type SeenXdp = XdpMode | 'none';

/** A vector, and where its interrupts go now. */
export interface LiveVector extends Vector {
  /** CPU ids; several when the kernel may choose; empty when it cannot be read. */
  readonly cpus: readonly number[];
}

/** The counters of one moment. */
export interface Counters {
  /** ms on a clock that never jumps. */
  readonly time: number;
  readonly interrupts: InterruptCounters;
  /** Packets that used katran's fallback table; null when katran does not answer. */
  readonly fallback: bigint | null;
  /** What katran has counted; null when it does not tell. */
  readonly traffic: Traffic | null;
}

/** Everything as it was at one moment. */
export interface Observation extends Counters {
  readonly address: string;
  readonly katran: FoundKatran;
  /** What getMac answered, canonical. */
  readonly mac: Answer<string>;
  readonly gateway: Answer<Gateway>;
  /** The interface looked at. */
  readonly interface: Answer<string>;
  /** `-intf`, when it was given. */
  readonly intfGiven: string | null;
  readonly topology: Topology;
  readonly nics: readonly PlannedNic[];
  readonly vectors: Answer<readonly LiveVector[]>;
  /** Why the interface cannot forward (down). */
  readonly interfaceTrouble: string | null;
  /** Null: not known (no `ip`, another machine's files). */
  readonly xdp: SeenXdp | null;
  /** Whether katran's own program is where packets reach it; null where nobody looked. */
  readonly program: Sight | null;
  /** No launcher looks after katran; false also where only root could know. */
  readonly unsupervised: boolean;
  /** True: the kernel files are this machine's. */
  readonly live: boolean;
}

/** Something wrong, or worth knowing; `code` is stable, for scripts. */
export interface Finding {
  readonly code: string;
  readonly message: string;
}

/** One receive queue with its interrupts. */
export interface QueueRate {
  readonly nic: string;
  readonly queue: number;
  readonly irqs: readonly number[];
  readonly cpus: readonly number[];
  /** Interrupts per second, by CPU id. */
  readonly byCpu: ReadonlyMap<number, number>;
  readonly perSecond: number;
}

export interface VipRate extends VipTraffic {
  /** Null for a VIP that was not there at the first reading. */
  readonly packetsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
}

/** What katran forwards, since its start and now. */
export interface TrafficRates {
  /** By address, port and protocol. */
  readonly vips: readonly VipRate[];
  readonly lru: {
    readonly packets: bigint;
    readonly misses: bigint;
    readonly packetsPerSecond: number | null;
    readonly missesPerSecond: number | null;
  };
}

/** What was observed, and what happened since the time before. */
export interface StatusReport {
  readonly observed: Observation;
  readonly queues: readonly QueueRate[];
  /** The NIC's interrupts per second, by CPU id. */
  readonly rates: ReadonlyMap<number, number>;
  /** Packets per second; null when katran did not answer both times. */
  readonly fallbackPerSecond: number | null;
  /** Null when katran did not tell. */
  readonly traffic: TrafficRates | null;
  readonly problems: readonly Finding[];
  readonly notes: readonly Finding[];
}
