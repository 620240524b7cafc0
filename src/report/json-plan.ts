import type { Prepared } from '../planning/prepare.ts';

/** The prepared launch as the JSON document of `-json`, version 1. */
export function jsonPlan({ plan, gateway, command, warnings }: Prepared): string {
  const { topology } = plan;
  return JSON.stringify({
    version: 1,
    interface: plan.interface,
    strategy: plan.strategy,
    cpus: { possible: topology.possibleCpus, online: topology.online },
    nodes: topology.nodes.map(({ id, cpus }) => ({ id, cpus })),
    nics: plan.nics,
    vectors: plan.vectors.map(({ nic, irq, name, role, queue, idle, cpu, node, mask, current }) => ({
      nic,
      irq,
      name,
      role,
      queue,
      idle,
      cpu,
      node,
      mask,
      current,
    })),
    forwarding_cores: plan.forwardingCores,
    numa_nodes: plan.numaNodes,
    gateway:
      gateway === null ? null : { address: gateway.address, mac: gateway.mac, interface: gateway.interface },
    command,
    warnings,
  });
}
