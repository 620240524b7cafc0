import type { Check } from '../types.ts';
import { balancerObject } from './balancer-object.ts';
import { binary } from './binary.ts';
import { bpfJit } from './bpf-jit.ts';
import { bpffs } from './bpffs.ts';
import { capabilities } from './capabilities.ts';
import { carrier } from './carrier.ts';
import { clsact } from './clsact.ts';
import { coresGiven } from './cores-given.ts';
import { driver } from './driver.ts';
import { forwardingCores } from './forwarding-cores.ts';
import { gatewayMac } from './gateway-mac.ts';
import { groHardware } from './gro-hardware.ts';
import { gro } from './gro.ts';
import { healthcheckObject } from './healthcheck-object.ts';
import { interfaceExists } from './interface-exists.ts';
import { interfaceUp } from './interface-up.ts';
import { ipipTunnel } from './ipip.ts';
import { ipip6Tunnel } from './ipip6.ts';
import { irqbalance } from './irqbalance.ts';
import { kernel } from './kernel.ts';
import { liveAffinity } from './live-affinity.ts';
import { lro } from './lro.ts';
import { lruSize } from './lru-size.ts';
import { mapPath } from './map-path.ts';
import { mapPosition } from './map-position.ts';
import { memlock } from './memlock.ts';
import { lruMemory } from './memory.ts';
import { mtu } from './mtu.ts';
import { nextHop } from './next-hop.ts';
import { planAdvice } from './plan-advice.ts';
import { planExists } from './plan.ts';
import { port } from './port.ts';
import { queues } from './queues.ts';
import { rootUser } from './root-user.ts';
import { rpFilter } from './rp-filter.ts';
import { stacking } from './stacking.ts';
import { systemdLink } from './systemd-link.ts';
import { tuned } from './tuned.ts';
import { xdpProgram } from './xdp-program.ts';
import { xdpQueues } from './xdp-queues.ts';

/** Every check there is, in the order they are shown: a cause before what follows from it. */
export const CHECKS: readonly Check[] = [
  ...[kernel, rootUser, capabilities, memlock],
  ...[interfaceExists, interfaceUp, carrier, stacking, driver, mtu, queues, xdpQueues, lro, gro, groHardware],
  ...[irqbalance, tuned, systemdLink, planExists, planAdvice, forwardingCores, coresGiven, liveAffinity],
  ...[nextHop, gatewayMac, rpFilter],
  ...[bpfJit, bpffs, mapPath, mapPosition, xdpProgram, balancerObject],
  ...[binary, port, lruSize, lruMemory],
  ...[healthcheckObject, ipipTunnel, ipip6Tunnel, clsact],
];
