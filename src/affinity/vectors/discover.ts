import type { InterruptTable } from '../../linux/interrupts.ts';
import type { NetDevice } from '../../linux/net-device.ts';
import { deviceLines, ownNames, type DeviceLine } from './device-lines.ts';
import { driverNames, type DriverNames } from './driver-names.ts';
import { idleQueues } from './idle-queues.ts';
import { nameReader, readUnknownName, type NameReading } from './name-patterns.ts';
import { numberQueues } from './queue-numbers.ts';
import { receiving } from '../receiving.ts';
import type { Role, Vector } from '../types.ts';
import type { Warning } from '../../failure.ts';

/** What /sys says about a device beyond NetDevice; each is optional, and without it less is known. */
export interface DeviceFacts {
  /** Number of `/sys/class/net/IF/queues/rx-N`: which queues are in use, and which vectors of ena transmit for XDP. */
  readonly receiveQueues?: number;
  /** Other interfaces of the same device (`/sys/class/net/IF/device/net/`): the ports of an mlx4 or cxgb4. */
  readonly ports?: readonly string[];
  /** Base name of the directory that `/sys/class/net/IF/device` ends in (`vif-0` of Xen). */
  readonly deviceDirectory?: string;
}

export interface Discovery {
  /** Ascending by IRQ. Without a receive vector nothing can be planned (see no-vectors.ts). */
  readonly vectors: readonly Vector[];
  readonly warnings: readonly Warning[];
}

/** A line with what its name was read as. */
export interface ReadLine extends DeviceLine {
  readonly role: Role;
  readonly number: number | null;
  readonly owner: string | null;
  readonly plain: boolean;
  /** The name is one that the driver is known to give. */
  readonly known: boolean;
}

/** Interrupts named one by one before the rest is only counted. */
const NAMED = 8;

const CONTROL: NameReading = { role: 'control', number: null, owner: null, plain: false };

/**
 * The interrupt vectors of one NIC and what each does, from its msi_irqs and the action names of /proc/interrupts. Reads
 * nothing itself. Warnings: `unknown-names`, `shared-irq`, `shared-device`, `strange-vectors`,
 * `fewer-vectors`.
 */
export function discoverVectors(
  device: NetDevice,
  interrupts: InterruptTable,
  facts: DeviceFacts = {},
): Discovery {
  const names = ownNames(device, facts.deviceDirectory);
  const found = deviceLines(device, interrupts, names);
  const driver = driverNames(device.driver);
  const read = readLines(found.lines, driver, names);
  const ports = facts.ports ?? [];
  const ours =
    found.by === 'msi'
      ? withoutOtherPorts(read, names, ports)
      : // Found by name, so the whole name must be ours: `eth1-lan-rx-0` begins with `eth1-` and is another's.
        read.filter((line) => line.owner === null || names.includes(line.owner));
  const { lines, warnings } = withReceivers(device, driver, names, ours);
  const numbered = numberQueues(lines, driver, facts.receiveQueues);
  const idle = idleQueues(numbered, driver, facts.receiveQueues ?? 0);
  const vectors = numbered.map((line): Vector => {
    const { irq, name, role, queue } = line;
    return { nic: device.name, irq, name, role, queue, idle: idle.has(line) };
  });
  return {
    vectors,
    warnings: [
      ...warnings,
      ...sharingWarnings(device, lines, ports),
      ...(found.by === 'msi' ? strangers(device, read, ours, ports) : []),
      ...fewerVectors(device, lines, vectors, facts.receiveQueues ?? 0),
    ],
  };
}

function readLines(
  lines: readonly DeviceLine[],
  driver: DriverNames | undefined,
  names: readonly string[],
): ReadLine[] {
  const reader = driver === undefined ? readUnknownName : nameReader(driver, names[0] ?? '');
  return lines.map((line) => {
    const reading = reader(line.name);
    return { ...line, ...(reading ?? CONTROL), known: driver !== undefined && reading !== undefined };
  });
}

/**
 * Leaves out the vectors of other ports of the same device. msi_irqs proves that the device owns a vector, so where it has
 * one interface a name that carries another is an old name of this one. Where it has several, not so when some carry
 * this one's present name, or when the name is that of another port.
 */
function withoutOtherPorts(
  lines: readonly ReadLine[],
  names: readonly string[],
  ports: readonly string[],
): ReadLine[] {
  const isOwn = (line: ReadLine): boolean => line.owner !== null && names.includes(line.owner);
  const someOwn = lines.some((line) => isOwn(line) && line.role === 'receive');
  return lines.filter((line) => {
    if (line.owner === null || line.plain || isOwn(line)) return true;
    if (/^virtio\d+$/.test(line.owner)) return false;
    return ports.length === 0 || (!someOwn && !ports.includes(line.owner));
  });
}

/** Receive vectors of the device that were left out although no port of it has the name they carry: nobody plans them. */
function strangers(
  device: NetDevice,
  read: readonly ReadLine[],
  ours: readonly ReadLine[],
  ports: readonly string[],
): Warning[] {
  const kept = new Set(ours);
  const left = read.filter(
    (line) => receives(line) && !kept.has(line) && line.owner !== null && !ports.includes(line.owner),
  );
  if (left.length === 0) return [];
  const named = left.slice(0, NAMED).map(({ irq, name }) => `irq ${irq} (${name})`);
  const more = left.length > NAMED ? ` and ${left.length - NAMED} more` : '';
  return [
    {
      code: 'strange-vectors',
      message:
        `${named.join(', ')}${more} belong to the device of ${device.name}, but bear the name of no interface of it ` +
        `(${[device.name, ...ports].join(', ')}), so they are not in the plan; if packets arrive there, set their affinity ` +
        'yourself and give -forwarding_cores',
    },
  ];
}

/** A queue without a vector of its own: half of a socket-direct mlx5 is on a second function, sub-functions borrow theirs. */
function fewerVectors(
  device: NetDevice,
  lines: readonly ReadLine[],
  vectors: readonly Vector[],
  receiveQueues: number,
): Warning[] {
  const count = receiving(vectors).length;
  // One vector without a number (MSI, INTx, virtio's `virtqueues`) serves all queues.
  const forAll =
    lines.filter(receives).length === 1 && lines.some((line) => receives(line) && line.number === null);
  if (count === 0 || count >= receiveQueues || forAll) return [];
  return [
    {
      code: 'fewer-vectors',
      message:
        `${device.name} has ${receiveQueues} receive queues, but only ${count} of its interrupts receive; packets of the other ` +
        `queues may arrive on CPUs that katran is not told: look where they are in /proc/interrupts, or have as many queues as ` +
        `vectors: ethtool -L ${device.name} combined ${count}`,
    },
  ];
}

function receives(line: ReadLine): boolean {
  return line.role === 'receive';
}

/** Settles what names alone do not: vectors with the plain interface name, and drivers that are not in the table. */
function withReceivers(
  device: NetDevice,
  driver: DriverNames | undefined,
  names: readonly string[],
  lines: readonly ReadLine[],
): { lines: readonly ReadLine[]; warnings: Warning[] } {
  if (lines.length === 0 || lines.some(receives)) return { lines, warnings: [] };

  const plain = lines.filter((line) => line.plain);
  const roles = driver?.plainRoles;
  if (roles !== undefined && plain.length === roles.length && plain.length === lines.length)
    return {
      lines: plain.map((line, i) => ({ ...line, role: roles[i] ?? 'control', number: null })),
      warnings: [],
    };

  // One vector does everything; only a name that is known to be control does not (the rest exists once the link is up).
  const eligible = lines.filter((line) => line.plain || !line.known);
  if (eligible.length === 0) return { lines, warnings: [] };
  const all = lines.map((line): ReadLine => (eligible.includes(line) ? { ...line, role: 'receive' } : line));
  const [only] = eligible;
  const certain =
    lines.length === 1 && only !== undefined && (only.known || names.includes(only.name) || only.plain);
  return { lines: all, warnings: certain ? [] : [unknownNames(device, eligible)] };
}

function unknownNames(device: NetDevice, lines: readonly ReadLine[]): Warning {
  const shown = [...new Set(lines.map((line) => line.name))].slice(0, 8).join(', ');
  return {
    code: 'unknown-names',
    message:
      `cannot tell what the vectors of ${device.name} (driver ${device.driver ?? 'unknown'}) do from their names, ` +
      `so all ${lines.length} count as receive vectors, in IRQ order: ${shown}; ` +
      'if that is wrong, set their affinity yourself and give -forwarding_cores',
  };
}

const NAMES_NO_PORT = /^(?:mlx4|mlx5_|mana_)/;

function sharingWarnings(device: NetDevice, lines: readonly ReadLine[], ports: readonly string[]): Warning[] {
  const warnings: Warning[] = [];
  for (const line of lines) {
    if (line.sharedWith.length === 0) continue;
    warnings.push({
      code: 'shared-irq',
      message: `irq ${line.irq} of ${device.name} is shared with ${line.sharedWith.join(', ')}, which move with it`,
    });
  }
  if (ports.length > 0 && lines.some((line) => receives(line) && NAMES_NO_PORT.test(line.name)))
    warnings.push({
      code: 'shared-device',
      message:
        `${device.name} shares its device with ${ports.join(', ')}, and vector names do not tell the ports apart: ` +
        'the vectors of all of them are planned together',
    });
  return warnings;
}
