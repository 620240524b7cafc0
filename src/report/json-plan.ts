import type { AffinityPlan } from '../affinity/types.ts';
import type { Warning } from '../failure.ts';
import type { Gateway } from '../gateway/types.ts';

export interface PlanReport {
  readonly plan: AffinityPlan;
  readonly gateway: Gateway | null;
  /** Full argv, -default_mac included when known. */
  readonly command: readonly string[];
  readonly warnings: readonly Warning[];
}

/** The plan as the JSON document of `-json`, version 1. */
export function jsonPlan({ plan, gateway, command, warnings }: PlanReport): string {
  const { topology } = plan;
  return JSON.stringify({
    version: 1,
    interface: plan.interface,
    strategy: plan.strategy,
    cpus: { possible: topology.possibleCpus, online: topology.online },
    nodes: topology.nodes.map(({ id, cpus }) => ({ id, cpus })),
    nics: plan.nics,
    vectors: plan.vectors.map(({ nic, irq, name, role, queue, cpu, node, mask, current }) => ({
      nic,
      irq,
      name,
      role,
      queue,
      cpu,
      node,
      mask,
      current,
    })),
    forwarding_cores: plan.forwardingCores,
    numa_nodes: plan.numaNodes,
    gateway:
      gateway?.mac == null
        ? null
        : { address: gateway.address, mac: gateway.mac, interface: gateway.interface },
    command,
    warnings,
  });
}
