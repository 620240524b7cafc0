import { readDeviceFacts } from '../affinity/vectors/device-facts.ts';
import { discoverVectors } from '../affinity/vectors/discover.ts';
import type { NetDevice } from '../linux/net-device.ts';
import type { Host } from './host.ts';

/** How many receive queues a device has: its receive vectors, or (no interrupts of its own) those in /sys. 0 when unknown. */
export function receiveQueues(host: Host, device: NetDevice): number {
  const facts = readDeviceFacts(host.root, device.name);
  const { vectors } = discoverVectors(device, host.interrupts(), facts);
  const receive = vectors.filter(({ role }) => role === 'receive').length;
  return receive === 0 ? (facts.receiveQueues ?? 0) : receive;
}
