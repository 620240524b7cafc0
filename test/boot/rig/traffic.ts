import { PacketStream } from '../../support/packets.ts';
import type { Machine } from './boot.ts';
import { VIP } from './installed.ts';
import { NETWORKS } from './machine.ts';

/** So many that a guest which stands still for ten seconds has a place for each in its queues. */
const PER_SECOND = 50;
const STRAGGLERS_MS = 30_000;

/** Numbered packets from the gateway to the VIP, until they are stopped. */
export const packetsTo = (machine: Machine, count = 60_000): PacketStream =>
  new PacketStream({
    namespace: machine.network,
    device: NETWORKS.eth0.tap,
    deviceMac: NETWORKS.eth0.mac,
    toMac: NETWORKS.eth0.guestMac,
    source: NETWORKS.eth0.gateway,
    vip: VIP.address,
    port: VIP.port,
    protocol: VIP.protocol,
    perSecond: PER_SECOND,
    count,
    stragglersMs: STRAGGLERS_MS,
  });
