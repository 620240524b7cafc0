import type { AffinityPlan } from '../affinity/types.ts';
import type { Options } from '../cli/options.ts';

type Told = Pick<
  Options,
  | 'balancer_bpf'
  | 'intf'
  | 'enable_hc'
  | 'map_path'
  | 'map_pos'
  | 'ipip_intf'
  | 'ipip6_intf'
  | 'priority'
  | 'lru_size'
  | 'shutdown_delay'
  | 'hc_bpf'
  | 'hc_intf'
  | 'server'
  | 'katranArguments'
>;

/**
 * katran's arguments without `-default_mac`, one element of argv each, in the order operators' scripts know.
 * The names are those of katran_server_grpc's flag list.
 */
export function katranArguments(
  options: Told,
  plan: Pick<AffinityPlan, 'interface' | 'forwardingCores' | 'numaNodes'>,
): string[] {
  return [
    `-balancer_prog=${options.balancer_bpf}`,
    `-intf=${plan.interface}`,
    `-hc_forwarding=${options.enable_hc}`,
    `-map_path=${options.map_path}`,
    `-prog_pos=${options.map_pos}`,
    `-ipip_intf=${options.ipip_intf}`,
    `-ipip6_intf=${options.ipip6_intf}`,
    `-priority=${options.priority}`,
    `-lru_size=${options.lru_size}`,
    `-shutdown_delay=${options.shutdown_delay}`,
    ...(options.enable_hc ? [`-healthchecker_prog=${options.hc_bpf}`] : []),
    `-forwarding_cores=${plan.forwardingCores.join(',')}`,
    `-numa_nodes=${plan.numaNodes.join(',')}`,
    ...(options.hc_intf === undefined ? [] : [`-hc_intf=${options.hc_intf}`]),
    ...(options.server === undefined ? [] : [`-server=${options.server}`]),
    ...options.katranArguments,
  ];
}

/** The argument that the launch adds last. */
export function defaultMacArgument(mac: string): string {
  return `-default_mac=${mac}`;
}
