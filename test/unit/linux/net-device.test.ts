import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import {
  checkInterfaceName,
  listNetDevices,
  readMembers,
  readNetDevice,
} from '../../../src/linux/net-device.ts';
import { KernelFileError, openRoot, type Root } from '../../../src/linux/root.ts';
import { madeRoot, thrownBy, type MadeFiles } from './made-root.ts';

const NET = '/sys/class/net';
const VIRTUAL = '/sys/devices/virtual/net';

/** A PCI function with a NIC below it, as sysfs has it: everything by relative links. */
const virtioNic: MadeFiles = {
  files: {
    '/sys/devices/pci0000:80/0000:80:00.0/msi_irqs/25': 'msi\n',
    '/sys/devices/pci0000:80/0000:80:00.0/numa_node': '7\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/numa_node': '1\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/msi_irqs/100': 'msix\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/msi_irqs/28': 'msix\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/msi_irqs/29': 'msix\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/net/eth0/flags': '0x1003\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/net/eth0/carrier': '1\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/net/eth0/operstate': 'up\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/net/eth0/mtu': '1500\n',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/net/eth0/uevent':
      'INTERFACE=eth0\nIFINDEX=2\n',
    '/sys/bus/virtio/drivers/virtio_net/uevent': '',
  },
  links: {
    '/sys/class/net/eth0': '../../devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/net/eth0',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/net/eth0/device': '../../../virtio1',
    '/sys/devices/pci0000:80/0000:80:00.0/0000:81:00.0/virtio1/driver':
      '../../../../../bus/virtio/drivers/virtio_net',
  },
};

/** The same for any other driver, on a function with or without MSI. */
const pciNic = (extra: Record<string, string> = {}, directories: readonly string[] = []): Root =>
  madeRoot({
    files: {
      '/sys/devices/pci0000:00/0000:00:1c.0/msi_irqs/24': 'msi\n',
      '/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/numa_node': '-1\n',
      '/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/uevent': 'DRIVER=e1000e\nPCI_CLASS=20000\n',
      '/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/net/eth3/flags': '0x1002\n',
      ...extra,
    },
    links: {
      '/sys/class/net/eth3': '../../devices/pci0000:00/0000:00:1c.0/0000:03:00.0/net/eth3',
      '/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/net/eth3/device': '../../../0000:03:00.0',
    },
    directories,
  });

describe('an interface name', () => {
  it.each([
    ['eth0'],
    ['bond0.100'],
    ['a'],
    ['fifteen-bytes-x'],
    ['eth-ü'],
    ['...'],
    ['%d'],
    ['bonding_masters'],
  ])('%j could be one', (name) => {
    expect(() => checkInterfaceName(name)).not.toThrow();
  });

  it.each([
    ['', 'it is empty'],
    ['.', 'it is a directory'],
    ['..', 'it is a directory'],
    ['../lo', "it holds '/'"],
    ['a/b', "it holds '/'"],
    ['/etc/passwd', "it holds '/'"],
    ['eth 0', 'white space'],
    ['eth0\n', 'white space'],
    ['eth0\t', 'white space'],
    ['eth0:1', "':'"],
    ['eth0\0', 'control character'],
    ['\u001b[31m', 'control character'],
    ['sixteen-bytes-xx', 'more than 15 bytes'],
    ['eight-üüüüü-', 'more than 15 bytes'],
  ])('%j could not: %s', (name, reason) => {
    const root = openRoot('/');
    for (const action of [
      () => checkInterfaceName(name),
      () => readNetDevice(root, name),
      () => readMembers(root, name),
    ]) {
      const error = thrownBy(action);
      expect(error).toBeInstanceOf(Failure);
      expect(error).not.toBeInstanceOf(KernelFileError);
      expect(String(error)).toMatch(/^[\x20-\x7e]+$/);
      expect(String(error)).toContain(reason);
    }
  });

  it('never becomes a path outside /sys/class/net', () => {
    const root = madeRoot({ files: { '/sys/class/secret/flags': '0x1\n' }, directories: [NET] });
    const asked: string[] = [];
    const watched: Root = {
      ...root,
      exists: (path) => {
        asked.push(path);
        return false;
      },
    };
    const parts = fc
      .array(fc.constantFrom('.', '/', 'eth0', '\0', '\n', ' ', '..', 'secret'), { maxLength: 5 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(parts, fc.string({ unit: 'binary' })), (name) => {
        expect(thrownBy(() => readNetDevice(watched, name))).toBeInstanceOf(Failure);
      }),
    );
    expect(asked.every((path) => /^\/sys\/class\/net\/[^/]+$/.test(path) && !/\/\.{1,2}$/.test(path))).toBe(
      true,
    );
  });
});

describe('an interface that does not exist', () => {
  it('is answered with those that do', () => {
    const root = madeRoot({
      directories: [`${NET}/lo`, `${NET}/eth1`],
      files: { [`${NET}/bonding_masters`]: 'bond0\n' },
    });
    expect(() => readNetDevice(root, 'eth0')).toThrow(Failure);
    expect(() => readNetDevice(root, 'eth0')).toThrow(
      `"eth0" does not exist in ${root.hostPath(NET)}; there are: eth1, lo`,
    );
    expect(() => readNetDevice(root, 'bonding_masters')).toThrow('does not exist');
    expect(listNetDevices(root)).toEqual(['eth1', 'lo']);
  });

  it('is answered with "none" on a host without any', () => {
    expect(() => readNetDevice(madeRoot({}), 'eth0')).toThrow('there are none');
  });
});

describe('a virtio NIC', () => {
  it('has the driver of the virtio device, and node, address and interrupts of the PCI function above it', () => {
    expect(readNetDevice(madeRoot(virtioNic), 'eth0')).toEqual({
      name: 'eth0',
      driver: 'virtio_net',
      node: 1,
      up: true,
      carrier: true,
      operstate: 'up',
      pciAddress: '0000:81:00.0',
      virtioDevice: 'virtio1',
      msiIrqs: [28, 29, 100],
      lower: [],
      mtu: 1500,
      kind: 'physical',
    });
  });
});

describe('a PCI NIC', () => {
  it('has no interrupts of its own without msi_irqs; those of the port above it are not taken', () => {
    expect(readNetDevice(pciNic(), 'eth3')).toMatchObject({
      msiIrqs: [],
      pciAddress: '0000:03:00.0',
      virtioDevice: null,
      node: -1,
    });
  });

  it('may have an msi_irqs that is empty', () => {
    const directories = ['/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/msi_irqs'];
    expect(readNetDevice(pciNic({}, directories), 'eth3').msiIrqs).toEqual([]);
  });

  it('has its driver from uevent where the link is missing', () => {
    expect(readNetDevice(pciNic(), 'eth3').driver).toBe('e1000e');
  });

  it('has it from the link, whatever uevent says, also where the end of the link is missing', () => {
    const root = pciNic();
    const device = root.realpath('/sys/class/net/eth3/device') ?? '';
    fs.symlinkSync('../../../../bus/pci/drivers/ixgbe', root.hostPath(`${device}/driver`));
    fs.writeFileSync(root.hostPath(`${device}/uevent`), 'DRIVER=\u0000garbled\n');
    expect(readNetDevice(root, 'eth3').driver).toBe('ixgbe');
  });

  it('is down when IFF_UP is not among its flags', () => {
    expect(readNetDevice(pciNic(), 'eth3')).toMatchObject({
      up: false,
      carrier: null,
      operstate: 'unknown',
      mtu: 0,
    });
  });

  it.each([
    ['1\n', true],
    ['0\n', false],
  ])('with carrier %j', (text, carrier) => {
    const file = '/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/net/eth3/carrier';
    expect(readNetDevice(pciNic({ [file]: text }), 'eth3').carrier).toBe(carrier);
  });

  it('has no carrier to tell when reading it fails (EINVAL while it is down)', () => {
    const root = pciNic();
    const refusing: Root = {
      ...root,
      readIfPresent: (path) => {
        if (path.endsWith('/carrier')) throw new KernelFileError('cannot read', path, 'EINVAL');
        return root.readIfPresent(path);
      },
    };
    expect(readNetDevice(refusing, 'eth3').carrier).toBeNull();
  });

  it.each([
    ['net/eth3/flags', 'up'],
    ['net/eth3/mtu', 'big'],
    ['numa_node', 'near'],
    ['net/eth3/flags', ''],
    ['net/eth3/mtu', '99999999999'],
  ])('with a malformed %s is an error that names the file', (name, text) => {
    const file = `/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/${name}`;
    const root = pciNic({ [file]: text });
    const error = thrownBy(() => readNetDevice(root, 'eth3'));
    expect(error).toBeInstanceOf(KernelFileError);
    expect(String(error)).toContain(name);
  });

  it('whose device link leads out of the root is refused', () => {
    const root = madeRoot({ directories: [`${NET}/eth0`], links: { [`${NET}/eth0/device`]: '/usr' } });
    expect(() => readNetDevice(root, 'eth0')).toThrow('leads out of -sysroot');
  });
});

/** Virtual interfaces with what sysfs says of them, and `lower_*` links between them. */
function stack(
  devices: Record<string, { uevent?: string; lower?: readonly string[]; inside?: readonly string[] }>,
): Root {
  const names = Object.keys(devices);
  return madeRoot({
    directories: names.flatMap((name) => [
      `${VIRTUAL}/${name}`,
      ...(devices[name]?.inside ?? []).map((inside) => `${VIRTUAL}/${name}/${inside}`),
    ]),
    files: Object.fromEntries(
      names.map((name) => [`${VIRTUAL}/${name}/uevent`, devices[name]?.uevent ?? `INTERFACE=${name}\n`]),
    ),
    links: Object.fromEntries(
      names.flatMap((name): [string, string][] => [
        [`${NET}/${name}`, `../../devices/virtual/net/${name}`],
        ...(devices[name]?.lower ?? []).map((lower): [string, string] => [
          `${VIRTUAL}/${name}/lower_${lower}`,
          `../${lower}`,
        ]),
      ]),
    ),
  });
}

describe('what kind it is', () => {
  it.each([
    ['bond', { inside: ['bonding'] }],
    ['bond', { uevent: 'DEVTYPE=bond\nINTERFACE=x\n' }],
    ['vlan', { uevent: 'DEVTYPE=vlan\nINTERFACE=x\n' }],
    ['bridge', { uevent: 'DEVTYPE=bridge\nINTERFACE=x\n' }],
    ['bridge', { inside: ['bridge'] }],
    ['team', { uevent: 'DEVTYPE=team\n' }],
    ['team', { lower: ['a', 'b'] }],
    ['physical', { inside: ['device'] }],
    ['virtual', { uevent: 'DEVTYPE=vxlan\n' }],
    ['virtual', {}],
  ])('%s: %j', (kind, device) => {
    expect(readNetDevice(stack({ x: device, a: {}, b: {} }), 'x').kind).toBe(kind);
  });
});

describe('members', () => {
  const names = (root: Root, name: string): string[] => readMembers(root, name).map((member) => member.name);

  it('of an interface with nothing below it: itself', () => {
    expect(names(stack({ eth0: {} }), 'eth0')).toEqual(['eth0']);
  });

  it('of a VLAN on a bond: those of the bond, by name', () => {
    const root = stack({
      'bond0.100': { lower: ['bond0'] },
      bond0: { lower: ['eth4', 'eth2'] },
      eth4: {},
      eth2: {},
    });
    expect(names(root, 'bond0.100')).toEqual(['eth2', 'eth4']);
    expect(readNetDevice(root, 'bond0').lower).toEqual(['eth2', 'eth4']);
  });

  it('at different depths, each once', () => {
    const root = stack({
      br0: { lower: ['eth1', 'vlan5', 'vlan6'] },
      vlan5: { lower: ['eth0'] },
      vlan6: { lower: ['eth0'] },
      eth0: {},
      eth1: {},
    });
    expect(names(root, 'br0')).toEqual(['eth0', 'eth1']);
  });

  it('100 interfaces deep', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`v${i}`, i === 99 ? {} : { lower: [`v${i + 1}`] }]),
    );
    expect(names(stack(chain), 'v0')).toEqual(['v99']);
  });

  it('in a circle: what hangs off it, else an error', () => {
    expect(names(stack({ a: { lower: ['b', 'eth0'] }, b: { lower: ['a'] }, eth0: {} }), 'a')).toEqual([
      'eth0',
    ]);
    const circle = stack({ a: { lower: ['b'] }, b: { lower: ['a'] } });
    expect(() => readMembers(circle, 'a')).toThrow(Failure);
    expect(() => readMembers(circle, 'a')).toThrow('run in a circle');
  });

  it('that do not exist are named', () => {
    const root = stack({ bond0: { lower: ['eth9'] } });
    expect(() => readMembers(root, 'bond0')).toThrow('"eth9" does not exist');
  });
});

it('reads every interface of this machine', () => {
  const root = openRoot('/');
  const names = listNetDevices(root);
  expect(names).toContain('lo');
  for (const name of names) {
    try {
      expect(readNetDevice(root, name).name).toBe(name);
    } catch (error) {
      // Interfaces come and go while other programs run; one that is still here has no excuse.
      if (listNetDevices(root).includes(name)) throw error;
    }
  }
});
