import { receiving } from '../../affinity/receiving.ts';
import { readDeviceFacts } from '../../affinity/vectors/device-facts.ts';
import { discoverVectors } from '../../affinity/vectors/discover.ts';
import { Failure } from '../../failure.ts';
import { listNetDevices, type NetDevice } from '../../linux/net-device.ts';
import { readIndirection, readReceiveRing } from '../../tools/ethtool.ts';
import type { Host } from '../host.ts';
import { type Check, type Examine, fail, groupOf, ok, skipped, warn } from '../types.ts';
import { bondMode } from '../../linux/bonding.ts';
import { hasNativeXdp, mtuLimit } from '../../linux/native-xdp.ts';
import { bondRunsXdp, driverOf } from '../xdp-drivers.ts';
import { xdpQueues } from '../xdp-queues.ts';

/** How many receive queues a device has: its receive vectors, or (no interrupts of its own) those in /sys. 0 when unknown. */
function receiveQueues(host: Host, device: NetDevice): number {
  const facts = readDeviceFacts(host.root, device.name);
  const { vectors } = discoverVectors(device, host.interrupts(), facts);
  const receive = receiving(vectors).length;
  return receive === 0 ? (facts.receiveQueues ?? 0) : receive;
}

const interfaceExists: Examine = (host) => {
  try {
    const name = host.chooseInterface();
    const why = name === host.options.intf ? '' : " (the default route's; -intf is not given)";
    return ok(`${name}${why}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const physical = listNetDevices(host.root).filter((name) =>
      host.root.exists(`/sys/class/net/${name}/device`),
    );
    return fail(
      error.what,
      'katran aborts (SIGABRT) without it, and nothing else about the NIC can be checked',
      `name the interface: -intf ${physical[0] ?? 'NAME'}`,
    );
  }
};

const interfaceUp: Examine = (host) => {
  const names = new Map([host.device(), ...host.members()].map((device) => [device.name, device.up]));
  const down = [...names].filter(([, up]) => !up).map(([name]) => name);
  if (down.length === 0) return ok(`${[...names.keys()].join(', ')} up`);
  return fail(
    `${down.join(', ')} down`,
    'no packet arrives, and some drivers have no interrupts until they are up',
    down.map((name) => `ip link set ${name} up`).join(' && '),
  );
};

const carrier: Examine = (host) => {
  const device = host.device();
  if (!device.up) return skipped(`${device.name} is down, so the kernel has no answer`);
  const without = host.members().filter((member) => member.carrier === false);
  if (without.length === 0 && device.carrier !== false) return ok(`link detected, state ${device.operstate}`);
  const names = without.map(({ name }) => name).join(', ') || device.name;
  return fail(
    `${names} without carrier, state ${device.operstate}`,
    'cable, transceiver, switch port, or the other end of a virtual link is off: no packet arrives',
    `check cable and switch port; then: ethtool ${without[0]?.name ?? device.name}`,
  );
};

const stacking: Examine = (host) => {
  const { name, kind } = host.device();
  if (kind === 'physical' || kind === 'virtual') return ok(kind);
  const members = host.members().map((member) => member.name);
  const each = members.map((member) => `-intf ${member}`).join(' and ');
  if (kind === 'vlan')
    return warn(
      `${name} is a VLAN on ${members.join(', ')}`,
      "XDP runs only in generic mode on it; on the interface below it katran's program sees tagged packets, which it does not balance",
      `let the switch send this network untagged, then ${each}`,
    );
  const oneEach = `one katran for each member: ${each}, each with its own -server port`;
  const mode = bondMode(host.root, name);
  if (kind === 'bond' && bondRunsXdp(host, mode))
    return warn(
      `${name} is a bond (${mode ?? 'mode unknown'}) of ${members.join(', ')}`,
      'it takes XDP in driver mode (Linux 5.15 and later) when every member does; one katran then has all queues of all members',
      `nothing, if driver and queues below are fine for each member; else ${oneEach}`,
    );
  return warn(
    `${name} is a ${kind}${mode === null ? '' : ` (${mode})`} of ${members.join(', ')}`,
    `XDP on it is slow (generic mode) or refused`,
    oneEach,
  );
};

const driver: Examine = async (host) => {
  const named = await Promise.all(
    host.members().map(async (device) => ({ name: device.name, driver: await driverOf(host, device) })),
  );
  const shown = named
    .map(({ name, driver: known }) => `${name}: ${known ?? 'no driver of its own'}`)
    .join(', ');
  const slow = named.filter((member) => !hasNativeXdp(member.driver));
  if (slow.length === 0) return ok(shown);
  return warn(
    shown,
    `no driver mode known for ${slow.map((member) => member.driver ?? member.name).join(', ')}: katran's program then runs ` +
      'in generic mode, several times slower and only with GRO off',
    'use a NIC whose driver has XDP (i40e, ice, ixgbe, mlx5, bnxt_en, ena, virtio_net, …)',
  );
};

const mtu: Examine = async (host) => {
  const devices = await Promise.all(
    host.members().map(async (device) => ({ device, driver: await driverOf(host, device) })),
  );
  const beyond = devices.filter(
    ({ device, driver }) => hasNativeXdp(driver) && device.mtu > mtuLimit(driver),
  );
  const shown = devices.map(({ device }) => `${device.name}: ${device.mtu}`).join(', ');
  const [first] = beyond;
  if (first === undefined) return ok(shown);
  const limit = mtuLimit(first.driver);
  return fail(
    shown,
    `${first.driver ?? 'the driver'} takes an XDP program up to about ${limit}: katran cannot attach (EINVAL or EOPNOTSUPP)`,
    beyond
      .map(({ device, driver }) => `ip link set ${device.name} mtu ${Math.min(1500, mtuLimit(driver))}`)
      .join(' && '),
  );
};

const queues: Examine = (host) => {
  const cpus = host.options.cpus?.length ?? host.topology().online.length;
  const counted = host.members().map((device) => ({ name: device.name, count: receiveQueues(host, device) }));
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
};

const rss: Examine = async (host) => {
  const tables = await Promise.all(
    host.members().map(async ({ name }) => ({
      name,
      table: await readIndirection(host.tools, name),
    })),
  );
  const known = tables.flatMap(({ name, table }) => (table === undefined ? [] : [{ name, ...table }]));
  if (known.length === 0) return skipped('ethtool -x shows no table: the driver spreads packets by itself');
  const found = known
    .map(({ name, rings, used }) => `${name}: ${used.length} of ${rings} queues get packets`)
    .join(', ');
  const partial = known.filter(({ rings, used }) => used.length < rings);
  if (partial.length === 0) return ok(found);
  return warn(
    found,
    'the other queues, their CPUs and their share of the connection table have nothing to do',
    partial.map(({ name, rings }) => `ethtool -X ${name} equal ${rings}`).join(' && '),
  );
};

/** Of a million packets so many may be missed: what was lost while the driver was starting is no news. */
const MISSED_PER_MILLION = 1;

function lossesOf({ root }: Host, name: string): { missed: number; received: number } | undefined {
  const counter = (file: string): number =>
    Number(root.readIfPresent(`/sys/class/net/${name}/statistics/${file}`) ?? Number.NaN);
  const missed = counter('rx_missed_errors');
  return Number.isNaN(missed) ? undefined : { missed, received: counter('rx_packets') || 0 };
}

/** A larger ring where the driver has one; `ethtool` may not say. */
async function largerRing(host: Host, name: string): Promise<string | undefined> {
  try {
    const ring = await readReceiveRing(host.tools, name);
    return ring === undefined || ring.now >= ring.most ? undefined : `ethtool -G ${name} rx ${ring.most}`;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const drops: Examine = async (host) => {
  const known = host.members().flatMap(({ name }) => {
    const losses = lossesOf(host, name);
    return losses === undefined ? [] : [{ name, ...losses }];
  });
  if (known.length === 0) return skipped('there is no rx_missed_errors in /sys/class/net');
  const found = known
    .map(({ name, missed, received }) => `${name}: ${missed} of ${received} missed`)
    .join(', ');
  const losing = known.filter(({ missed, received }) => missed * 1e6 > received * MISSED_PER_MILLION);
  if (losing.length === 0) return ok(found);
  const rings = await Promise.all(losing.map(({ name }) => largerRing(host, name)));
  const fixes = rings.filter((fix) => fix !== undefined);
  return warn(
    found,
    'since the driver was loaded: the receive ring was full when they arrived, because its CPU was busy or away',
    fixes.length === 0
      ? 'see queues, rss and live-affinity; if they are fine, the CPUs are too slow for this traffic'
      : fixes.join(' && '),
  );
};

export const nicChecks: readonly Check[] = groupOf('NIC', {
  interface: ["there is an interface for katran's XDP program", interfaceExists],
  'interface-up': ['the interface is switched on', interfaceUp],
  carrier: ['there is a link at the other end', carrier],
  stacking: ['the interface is a NIC itself, not a bond, team, VLAN or bridge on top of one', stacking],
  driver: ['the driver runs XDP programs itself (driver mode), which is the fast way', driver],
  mtu: [
    'packets fit into one page, as XDP wants; katran adds 20 bytes (IPv4) or 40 (IPv6) to each, so let the reals advertise a smaller MSS',
    mtu,
  ],
  queues: ['one CPU for each receive queue, and more than one queue', queues],
  rss: ['packets are spread over all receive queues (ethtool -x)', rss],
  drops: ['no packet is lost because a receive ring was full (rx_missed)', drops],
  'xdp-queues': ['the driver has the transmit queues it wants before it takes an XDP program', xdpQueues],
});
