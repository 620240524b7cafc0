import path from 'node:path';
import { Failure } from '../failure.ts';
import { malformed, quoted } from './malformed.ts';
import { KernelFileError, type Root } from './root.ts';

const NET = '/sys/class/net';
const IFF_UP = 0x1;
const MAX_NAME_BYTES = 15;
/** Not an interface: the bonding driver keeps a file of this name among them. */
const BONDING_MASTERS = 'bonding_masters';

export interface NetDevice {
  readonly name: string;
  /** `virtio_net`, `ixgbe`; null for an interface without a device. */
  readonly driver: string | null;
  /** NUMA node of the device, -1 when unknown. */
  readonly node: number;
  /** IFF_UP: switched on by an administrator; says nothing about the link. */
  readonly up: boolean;
  /** Null where the kernel has no answer: while the interface is down. */
  readonly carrier: boolean | null;
  /** RFC 2863 state: `up`, `down`, `lowerlayerdown`, `unknown`, … */
  readonly operstate: string;
  /** `0000:81:00.0`, null for anything that is no PCI function. */
  readonly pciAddress: string | null;
  /** `virtio1`, the name by which its interrupts go; null for other drivers. */
  readonly virtioDevice: string | null;
  /** Ascending. Some may exist neither in /proc/interrupts nor in /proc/irq. */
  readonly msiIrqs: readonly number[];
  /** Names of the interfaces directly below this one (a bond's members, a VLAN's parent). */
  readonly lower: readonly string[];
  /** Bytes; 0 when unknown. */
  readonly mtu: number;
  readonly kind: 'physical' | 'bond' | 'team' | 'vlan' | 'bridge' | 'virtual';
}

/** Throws Failure for what the kernel would not take as an interface name; call it before a name becomes a path. */
export function checkInterfaceName(name: string): void {
  const objection =
    name === ''
      ? 'it is empty'
      : name === '.' || name === '..'
        ? 'it is a directory'
        : Buffer.byteLength(name) > MAX_NAME_BYTES
          ? `it has more than ${MAX_NAME_BYTES} bytes`
          : // eslint-disable-next-line no-control-regex -- they are what a name must not have
            /[/:\s\u0000-\u001f\u007f]/.test(name)
            ? "it holds '/', ':', white space or a control character"
            : undefined;
  if (objection !== undefined) throw new Failure(`${quoted(name)} cannot be an interface name: ${objection}`);
}

/** Names of the interfaces in /sys/class/net, sorted. Throws KernelFileError. */
export function listNetDevices(root: Root): string[] {
  return root.list(NET).filter((name) => name !== BONDING_MASTERS);
}

function readNumber(root: Root, file: string, pattern: RegExp, expected: string): number | undefined {
  const text = root.readIfPresent(file)?.trim();
  if (text === undefined) return undefined;
  if (!pattern.test(text)) throw malformed(root.hostPath(file), 1, expected, text);
  return Number(text);
}

/** The kernel takes almost any byte in a name; a terminal should not get them all. */
const shown = (name: string): string => (/^[!-~]+$/.test(name) ? name : quoted(name));

/** For attributes whose read(2) fails in some states of the interface (carrier of one that is down: EINVAL). */
function readIfReadable(root: Root, file: string): string | undefined {
  try {
    return root.readIfPresent(file)?.trim();
  } catch (error) {
    if (error instanceof KernelFileError) return undefined;
    throw error;
  }
}

function ueventValue(root: Root, directory: string, key: string): string | undefined {
  const line = readIfReadable(root, `${directory}/uevent`)
    ?.split('\n')
    .find((text) => text.startsWith(`${key}=`));
  return line?.slice(key.length + 1).trim();
}

function kindOf(
  entries: ReadonlySet<string>,
  devtype: string | undefined,
  lower: readonly string[],
): NetDevice['kind'] {
  if (entries.has('bonding') || devtype === 'bond') return 'bond';
  if (entries.has('bridge') || devtype === 'bridge') return 'bridge';
  if (devtype === 'vlan') return 'vlan';
  if (entries.has('device')) return 'physical';
  // The team driver sets no DEVTYPE; of the others without one, none has several interfaces below it.
  if (devtype === 'team' || (devtype === undefined && lower.length > 1)) return 'team';
  return 'virtual';
}

interface Device {
  driver: string | null;
  node: number;
  pciAddress: string | null;
  virtioDevice: string | null;
  msiIrqs: readonly number[];
}

const NO_DEVICE: Device = { driver: null, node: -1, pciAddress: null, virtioDevice: null, msiIrqs: [] };

/** The link says it even where its end is missing (on a recorded host) and uevent is garbled. */
function readDriverLink(root: Root, device: string): string | undefined {
  try {
    const link = root.readlink(`${device}/driver`);
    return link === undefined ? undefined : path.basename(link);
  } catch (error) {
    if (error instanceof KernelFileError) return undefined;
    throw error;
  }
}

function readDevice(root: Root, interfaceDirectory: string): Device {
  const device = root.realpath(`${interfaceDirectory}/device`);
  if (device === undefined) return NO_DEVICE;
  const virtioDevice = /^virtio\d+$/.exec(path.basename(device))?.[0] ?? null;
  // A virtio NIC's interrupts and node are those of the PCI function right above it. No further up: a PCIe port has
  // interrupts of its own.
  const holder = virtioDevice === null ? device : path.dirname(device);
  const driver = readDriverLink(root, device);
  return {
    driver: driver ?? ueventValue(root, device, 'DRIVER') ?? null,
    node: readNumber(root, `${holder}/numa_node`, /^(?:-1|\d{1,7})$/, 'a NUMA node number') ?? -1,
    pciAddress: /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i.exec(path.basename(holder))?.[0] ?? null,
    virtioDevice,
    msiIrqs: root
      .list(`${holder}/msi_irqs`)
      .filter((name) => /^\d{1,9}$/.test(name))
      .map(Number)
      .sort((a, b) => a - b),
  };
}

const LOWER = 'lower_';

/** The interfaces that one stands on, from the entries of its directory. */
const lowerIn = (entries: Iterable<string>): string[] =>
  [...entries].filter((entry) => entry.startsWith(LOWER)).map((entry) => entry.slice(LOWER.length));

/**
 * An interface from /sys/class/net/NAME. Throws Failure for a name that cannot be one, and for one that does not exist
 * (with those that do), KernelFileError for files that cannot be read or understood.
 */
export function readNetDevice(root: Root, name: string): NetDevice {
  checkInterfaceName(name);
  const directory = `${NET}/${name}`;
  if (name === BONDING_MASTERS || !root.exists(directory)) {
    const names = listNetDevices(root);
    throw new Failure(
      `interface ${quoted(name)} does not exist in ${root.hostPath(NET)}; ` +
        (names.length === 0 ? 'there are none' : `there are: ${names.map(shown).join(', ')}`),
    );
  }
  const entries = new Set(root.list(directory));
  const lower = lowerIn(entries);
  const operstate = readIfReadable(root, `${directory}/operstate`) ?? 'unknown';
  const flags = readNumber(
    root,
    `${directory}/flags`,
    /^0x[0-9a-f]{1,8}$/i,
    'interface flags such as 0x1003',
  );
  const carrier = readIfReadable(root, `${directory}/carrier`);
  return {
    name,
    up: flags === undefined ? operstate !== 'down' : (flags & IFF_UP) !== 0,
    carrier: carrier === '1' ? true : carrier === '0' ? false : null,
    operstate,
    lower,
    mtu: readNumber(root, `${directory}/mtu`, /^\d{1,10}$/, 'a number of bytes') ?? 0,
    kind: kindOf(entries, ueventValue(root, directory, 'DEVTYPE'), lower),
    ...readDevice(root, directory),
  };
}

interface Standing {
  readonly name: string;
  /** What it stands on. */
  readonly lower: readonly string[];
}

/** The interfaces that stand on nothing, from NAME down to any depth, by name; `seen` are all on the way. */
function bottomOf<D extends Standing>(
  name: string,
  read: (name: string) => D,
): { readonly members: readonly D[]; readonly seen: ReadonlySet<string> } {
  const seen = new Set([name]);
  const members: D[] = [];
  const pending = [name];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const device = read(next);
    if (device.lower.length === 0) members.push(device);
    for (const lower of device.lower) {
      if (seen.has(lower)) continue;
      seen.add(lower);
      pending.push(lower);
    }
  }
  return { members: members.sort((a, b) => (a.name < b.name ? -1 : 1)), seen };
}

/**
 * The interfaces at the bottom of NAME, by name: what a bond, team, VLAN or bridge stands on (`lower_*`, to any depth),
 * or NAME itself when nothing is below it. Throws as readNetDevice does, and Failure when the links run in a circle.
 */
export function readMembers(root: Root, name: string): readonly NetDevice[] {
  const { members, seen } = bottomOf(name, (below) => readNetDevice(root, below));
  if (members.length === 0) {
    throw new Failure(
      `the lower_* links of ${[...seen].join(', ')} in ${root.hostPath(NET)} run in a circle`,
    );
  }
  return members;
}

/** Their names alone, for who looks again and again: NAME itself also where it is gone. Throws KernelFileError. */
export function memberNames(root: Root, name: string): string[] {
  const read = (below: string): Standing => ({ name: below, lower: lowerIn(root.list(`${NET}/${below}`)) });
  return bottomOf(name, read).members.map((member) => member.name);
}
