/** One metric of the file: docs/metrics.md has a row for each. */
export interface MetricName {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Labels beside `intf`, which every metric has. */
  readonly labels: readonly string[];
}

const gauge = (help: string, ...labels: string[]): MetricName => ({ type: 'gauge', help, labels });
const counter = (help: string, ...labels: string[]): MetricName => ({ type: 'counter', help, labels });
const VIP = ['vip', 'port', 'proto'] as const;

/** Every metric, without `start_katran_`. */
export const METRICS = {
  up: gauge('1 while katran answers calls, else 0'),
  pid: gauge('Process id of katran; absent while none is up'),
  forwarding: gauge(
    "1 while katran's program is on the interface or in its slot, 0 when it is not; absent where that cannot be seen",
  ),
  mac_pushes_total: counter('MACs of the gateway that katran took'),
  mac_refusals_total: counter('Attempts to give katran a MAC that failed or did not read back'),
  gateway_last_seen_seconds: gauge(
    "Unix time at which the gateway's MAC was last seen; absent with -default_mac, where nobody looks",
  ),
  guard_repairs_total: counter('Interrupt affinity masks that the guard has written again'),
  plan_differences: gauge(
    'Interrupts whose affinity mask is not as planned; absent with -affinity_guard off',
  ),
  fallback_packets_total: counter(
    "Packets that used katran's small fallback table, because they arrived outside the forwarding cores",
  ),
  lru_packets_total: counter("Packets that looked into katran's connection table"),
  lru_misses_total: counter(
    'Of these packets, the ones that were not in it: new connections, and those that were forgotten',
  ),
  vip_packets_total: counter('Packets to the VIP', ...VIP),
  vip_bytes_total: counter(
    'Bytes to the VIP, of IPv4 with its header and of IPv6 without, as katran counts them',
    ...VIP,
  ),
  interrupts_total: counter('Interrupts of the queue that the CPU took', 'nic', 'queue', 'cpu'),
  katran_starts_total: counter('Starts of katran by this launcher'),
  handovers_total: counter('Times that one katran has taken over from another without losing a packet'),
} as const satisfies Record<string, MetricName>;

export type Name = keyof typeof METRICS;
export const NAMES = Object.keys(METRICS).filter((name): name is Name => name in METRICS);
