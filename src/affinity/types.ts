import type { Warning } from '../failure.ts';
import type { Topology } from '../linux/cpu-topology.ts';

/** How receive vectors are spread over CPUs (`-strategy` 0, 1, 2, 3). */
export const STRATEGIES = ['sequential', 'same-node', 'all-nodes', 'keep'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** What an interrupt vector of a NIC does: `receive` also when it transmits too. */
export type Role = 'receive' | 'transmit' | 'control';

/** One interrupt vector of a NIC. */
export interface Vector {
  /** The member interface whose device owns it. */
  readonly nic: string;
  readonly irq: number;
  /** The action name of /proc/interrupts: `eth0-TxRx-3`. */
  readonly name: string;
  readonly role: Role;
  /** The queue it serves, or null for control vectors. */
  readonly queue: number | null;
  /** A receive vector of a queue that is not in use (`ethtool -L` left it out): it is pinned, and counts for nothing else. */
  readonly idle: boolean;
}

export interface PlannedVector extends Vector {
  /** The CPU it goes to, null for a vector that is left alone. */
  readonly cpu: number | null;
  readonly node: number | null;
  /** What is written to smp_affinity, null for a vector that is left alone; with `keep` the mask of the CPU it stays on. */
  readonly mask: string | null;
  /** What smp_affinity holds now, as read; null when it cannot be read and is not needed. */
  readonly current: string | null;
  /** CPU ids of effective_affinity, a hint only; null where the kernel has none, and where the strategy is not `keep`. */
  readonly effective: readonly number[] | null;
}

export interface PlannedNic {
  readonly name: string;
  readonly driver: string | null;
  /** NUMA node of the device, -1 when unknown. */
  readonly node: number;
}

/** Which vector goes to which CPU, and what katran is told. Pure result of what was typed and what the kernel says. */
export interface AffinityPlan {
  readonly interface: string;
  readonly strategy: Strategy;
  readonly topology: Topology;
  readonly nics: readonly PlannedNic[];
  readonly vectors: readonly PlannedVector[];
  /** CPUs of the receive vectors, each once, in order of first use. */
  readonly forwardingCores: readonly number[];
  /** Their NUMA nodes, same order and length. */
  readonly numaNodes: readonly number[];
  readonly warnings: readonly Warning[];
}
