import { receiveQueues } from '../receive-queues.ts';
import { ok, skipped, warn, type Check } from '../types.ts';

export const queues: Check = {
  id: 'queues',
  group: 'NIC',
  purpose: 'one CPU for each receive queue, and more than one queue',
  look: (host) => {
    const cpus = host.options.cpus?.length ?? host.topology().online.length;
    const counted = host
      .members()
      .map((device) => ({ name: device.name, count: receiveQueues(host, device) }));
    const total = counted.reduce((sum, { count }) => sum + count, 0);
    if (total === 0) return skipped('neither /proc/interrupts nor /sys tells the number of queues');
    const found = `${counted.map(({ name, count }) => `${name}: ${count}`).join(', ')}; CPUs: ${cpus}`;
    const resize = (each: number): string =>
      counted.map(({ name }) => `ethtool -L ${name} combined ${each}`).join(' && ');
    if (total > cpus)
      return warn(
        found,
        'several queues share a CPU, and their packets wait for each other',
        resize(Math.max(1, Math.floor(cpus / counted.length))),
      );
    if (total === 1 && cpus > 1)
      return warn(
        found,
        'all packets go through one CPU, however many there are',
        `more queues, if the device has them: ${resize(cpus)}`,
      );
    return ok(found);
  },
};
