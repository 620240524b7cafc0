import { Failure } from '../failure.ts';
import { isBefore } from '../linux/kernel-release.ts';
import type { NetDevice } from '../linux/net-device.ts';
import type { Host } from './host.ts';
import { type Examine, fail, type Finding, ok, warn } from './types.ts';

/** MAX_XDP_QUEUES of ixgbe: one for each CPU id that is possible, shared by two since 5.16. */
const IXGBE_QUEUES = 64;

function ixgbe(host: Host): Finding {
  const possible = host.topology().possibleCpus;
  const old = isBefore(host.kernel(), [5, 16]);
  const limit = old ? IXGBE_QUEUES : 2 * IXGBE_QUEUES;
  const found = `ixgbe: ${possible} possible CPUs, at most ${limit}`;
  const fix = `boot with nr_cpus=${limit}${old ? ', or Linux 5.16 and later (128 CPUs)' : ''}`;
  if (possible > limit)
    return fail(found, 'ixgbe wants one XDP queue per CPU: attaching fails with ENOMEM', fix);
  if (possible > IXGBE_QUEUES)
    return warn(
      found,
      'above 64 CPUs two share an XDP queue and a lock',
      `boot with nr_cpus=${IXGBE_QUEUES}`,
    );
  return ok(found);
}

async function virtio(host: Host, { name }: NetDevice): Promise<Finding> {
  const { maximum, current } = await host.channels(name);
  const most = maximum.get('combined') ?? 0;
  const now = current.get('combined') ?? 0;
  const possible = host.topology().possibleCpus;
  const found = `virtio_net: ${now} of ${most} queue pairs used, ${possible} CPUs`;
  if (now + possible <= most) return ok(found);
  const meaning = 'XDP wants one more queue pair for each CPU';
  const fix = `give the VM ${now + possible} queue pairs (QEMU: queues=, libvirt: <driver queues='…'/>)`;
  if (isBefore(host.kernel(), [5, 13])) return fail(found, `${meaning}: attaching fails with ENOMEM`, fix);
  return warn(found, `${meaning}: without them packets are sent through shared queues and a lock`, fix);
}

async function ena(host: Host, { name }: NetDevice): Promise<Finding> {
  const { maximum, current } = await host.channels(name);
  const most = maximum.get('combined') ?? 0;
  const now = current.get('combined') ?? 0;
  const half = Math.floor(most / 2);
  const found = `ena: ${now} of ${most} channels used`;
  if (now <= half) return ok(found);
  return fail(
    found,
    'ena takes XDP only with half of its channels free',
    `ethtool -L ${name} combined ${half}`,
  );
}

async function examineDevice(host: Host, device: NetDevice): Promise<Finding> {
  switch (device.driver) {
    case 'ixgbe':
      return ixgbe(host);
    case 'virtio_net':
      return virtio(host, device);
    case 'ena':
      return ena(host, device);
    default:
      return ok(`${device.driver ?? device.name}: nothing known that it asks for`);
  }
}

const WORST_FIRST = ['fail', 'warn', 'skipped', 'ok'] as const;

/** Whether the drivers of all members have the transmit queues they want: the worst of the answers. */
export const xdpQueues: Examine = async (host) => {
  const findings = await Promise.all(host.members().map((device) => examineDevice(host, device)));
  const worst = WORST_FIRST.find((status) => findings.some((finding) => finding.status === status));
  const [first, ...others] = findings.filter(({ status }) => status === worst);
  if (first !== undefined)
    return { ...first, found: [first, ...others].map(({ found }) => found).join(', ') };
  throw new Failure('there is no interface to look at');
};
