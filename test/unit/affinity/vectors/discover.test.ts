import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discoverVectors, type DeviceFacts } from '../../../../src/affinity/vectors/discover.ts';
import type { NetDevice } from '../../../../src/linux/net-device.ts';
import { interruptsOf, nicOf } from './fake-device.ts';

/** `irq name role queue` of each vector. */
function found(device: NetDevice, actions: Record<number, string>, facts: DeviceFacts = {}): string[] {
  return discoverVectors(device, interruptsOf(actions), facts).vectors.map(
    (v) => `${v.irq} ${v.name} ${v.role} ${v.queue ?? '-'}`,
  );
}

function warnings(device: NetDevice, actions: Record<number, string>, facts: DeviceFacts = {}): string[] {
  return discoverVectors(device, interruptsOf(actions), facts).warnings.map(({ code }) => code);
}

describe('which lines belong to a NIC', () => {
  it('takes its msi_irqs and no others, whatever they are called', () => {
    const device = nicOf({ msiIrqs: [40, 41] });
    expect(found(device, { 40: 'eth0-TxRx-0', 41: 'eth0', 42: 'eth0-TxRx-1' })).toEqual([
      '40 eth0-TxRx-0 receive 0',
      '41 eth0 control -',
    ]);
  });

  it('leaves out msi_irqs that are not in /proc/interrupts, or there without a name', () => {
    const device = nicOf({ msiIrqs: [40, 41, 42] });
    expect(found(device, { 40: 'eth0-TxRx-0', 41: '' })).toEqual(['40 eth0-TxRx-0 receive 0']);
  });

  it('finds a legacy line by its exact name', () => {
    expect(found(nicOf({ driver: 'e1000' }), { 19: 'eth0', 20: 'eth01', 21: 'xeth0' })).toEqual([
      '19 eth0 receive 0',
    ]);
  });

  it('finds it among the names of a shared line, and says with whom', () => {
    const line = { 19: 'ehci_hcd:usb1, eth0' };
    expect(found(nicOf({ driver: 'e1000' }), line)).toEqual(['19 eth0 receive 0']);
    expect(warnings(nicOf({ driver: 'e1000' }), line)).toEqual(['shared-irq']);
  });

  it('takes names that go on with - or :, of this interface only', () => {
    const device = nicOf({ name: 'eth1', driver: 'platformnic' });
    expect(found(device, { 5: 'eth1-rx-0', 6: 'eth10-rx-0', 7: 'eth1:rx-1' })).toEqual([
      '5 eth1-rx-0 receive 0',
      '7 eth1:rx-1 receive 1',
    ]);
  });

  it('does not take those of an interface whose name goes on the same way', () => {
    const device = nicOf({ name: 'eth1', driver: 'ixgbe' });
    expect(found(device, { 5: 'eth1-rx-0', 6: 'eth1-lan-rx-0' })).toEqual(['5 eth1-rx-0 receive 0']);
  });

  it('is not fooled by regular expression characters in an interface name', () => {
    expect(found(nicOf({ name: 'e.h0', driver: 'e1000' }), { 5: 'eth0', 6: 'e.h0' })).toEqual([
      '6 e.h0 receive 0',
    ]);
  });

  it('takes the lines of its own virtio device only', () => {
    const device = nicOf({ driver: 'virtio_net', virtioDevice: 'virtio1' });
    expect(found(device, { 5: 'virtio10', 6: 'virtio1, eth7', 7: 'virtio11-input.0' })).toEqual([
      '6 virtio1 receive 0',
    ]);
  });

  it('takes no vector of another virtio device, not even when it has no other', () => {
    const device = nicOf({ driver: 'virtio_net', virtioDevice: 'virtio1', msiIrqs: [5, 6] });
    expect(found(device, { 5: 'virtio10-config', 6: 'virtio10-input.0' })).toEqual([]);
  });

  it('finds nothing for an interface that was never up', () => {
    expect(found(nicOf({ msiIrqs: [45, 46], up: false }), { 1: 'i8042' })).toEqual([]);
  });
});

describe('names that are not what they seem', () => {
  it('keeps an interface name with a dash and digits whole', () => {
    const device = nicOf({ name: 'a-tx-1', msiIrqs: [1, 2, 3] });
    expect(found(device, { 1: 'a-tx-1-TxRx-0', 2: 'a-tx-1-TxRx-1', 3: 'a-tx-1' })).toEqual([
      '1 a-tx-1-TxRx-0 receive 0',
      '2 a-tx-1-TxRx-1 receive 1',
      '3 a-tx-1 control -',
    ]);
  });

  it('reads sfc channel 0 of an interface that ends in -tx as receiving', () => {
    const device = nicOf({ name: 'a-tx', driver: 'sfc', msiIrqs: [1] });
    expect(found(device, { 1: 'a-tx-0' })).toEqual(['1 a-tx-0 receive 0']);
  });

  it('accepts the old name of a renamed interface', () => {
    const device = nicOf({ name: 'lan0', msiIrqs: [1, 2] });
    expect(found(device, { 1: 'eth0-TxRx-0', 2: 'eth0' })).toEqual([
      '1 eth0-TxRx-0 receive 0',
      '2 eth0 control -',
    ]);
  });

  it('leaves the other port of a device its vectors, also when this one was renamed', () => {
    const device = nicOf({ name: 'lan0', driver: 'cxgb4', msiIrqs: [1, 2] });
    expect(found(device, { 1: 'eth0-Rx0', 2: 'eth1-Rx0' }, { ports: ['eth1'] })).toEqual([
      '1 eth0-Rx0 receive 0',
    ]);
  });

  it('counts queue 10 after queue 2 by number', () => {
    const device = nicOf({ msiIrqs: [1, 2] });
    expect(found(device, { 1: 'eth0-TxRx-10', 2: 'eth0-TxRx-2' })).toEqual([
      '1 eth0-TxRx-10 receive 10',
      '2 eth0-TxRx-2 receive 2',
    ]);
  });

  it('takes all ena vectors for receiving while the number of channels is not known', () => {
    const device = nicOf({ driver: 'ena', msiIrqs: [1, 2] });
    expect(found(device, { 1: 'eth0-Tx-Rx-0', 2: 'eth0-Tx-Rx-1' })).toHaveLength(2);
    expect(found(device, { 1: 'eth0-Tx-Rx-0', 2: 'eth0-Tx-Rx-1' }, { receiveQueues: 1 })).toEqual([
      '1 eth0-Tx-Rx-0 receive 0',
      '2 eth0-Tx-Rx-1 transmit 1',
    ]);
  });
});

describe('drivers and names that are not known', () => {
  it('counts every vector of an unknown driver whose names say nothing, and shows the names', () => {
    const device = nicOf({ driver: 'newnic', msiIrqs: [2, 1] });
    const actions = { 1: 'newnic-a', 2: 'newnic-b' };
    expect(found(device, actions)).toEqual(['1 newnic-a receive 0', '2 newnic-b receive 1']);
    const [warning] = discoverVectors(device, interruptsOf(actions)).warnings;
    expect(warning).toMatchObject({ code: 'unknown-names' });
    expect(warning?.message).toMatch(/eth0 \(driver newnic\).*newnic-a, newnic-b/);
  });

  it('does the same for a known driver that names its vectors in a new way', () => {
    const device = nicOf({ msiIrqs: [1, 2] });
    expect(found(device, { 1: 'eth0:0', 2: 'eth0:1' })).toHaveLength(2);
    expect(warnings(device, { 1: 'eth0:0', 2: 'eth0:1' })).toEqual(['unknown-names']);
  });

  it('never makes receivers of names that are known to be control', () => {
    const device = nicOf({ driver: 'i40e', msiIrqs: [1, 2] });
    const actions = { 1: 'i40e-0000:01:00.0:misc', 2: 'i40e-0000:01:00.0:fdir-TxRx-0' };
    expect(found(device, actions)).toEqual([
      '1 i40e-0000:01:00.0:misc control -',
      '2 i40e-0000:01:00.0:fdir-TxRx-0 control -',
    ]);
  });

  it.each(['TxRx-3', 'tx-rx-3', 'rxtx-3', 'rx-3', 'rx3', 'fp-3', 'comp3', 'input.3', 'q3'])(
    'reads %s as a queue',
    (part) => {
      const device = nicOf({ driver: 'newnic', msiIrqs: [1, 2] });
      expect(found(device, { 1: `newnic-${part}@x`, 2: 'newnic-ctl' })[0]).toBe(
        `1 newnic-${part}@x receive 3`,
      );
    },
  );

  it.each(['irq3', 'seq3', 'index3', 'compat', 'rx'])('does not read %s as a queue', (part) => {
    const device = nicOf({ driver: 'newnic', msiIrqs: [1, 2] });
    expect(found(device, { 1: `newnic-${part}`, 2: 'newnic-rx-0' })[0]).toBe(`1 newnic-${part} control -`);
  });
});

it('gives each own line at most once, in IRQ order, whatever the names', () => {
  const name = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom('eth0', 'eth0-TxRx-1', 'i40e-x:misc', 'virtio1-input.0', 'mlx5_comp1@pci:0000:01:00.0'),
  );
  const driver = fc.constantFrom(null, 'ixgbe', 'e1000e', 'virtio_net', 'gve', 'vmxnet3', 'hns3', 'ena', 'x');
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(5000), { maxLength: 40 }), fc.array(name), driver, (irqs, names, d) => {
      const actions = Object.fromEntries(irqs.map((irq, i) => [irq, names[i] ?? 'eth0']));
      const vectors = discoverVectors(
        nicOf({ driver: d, msiIrqs: irqs, virtioDevice: d === 'virtio_net' ? 'virtio1' : null }),
        interruptsOf(actions),
      ).vectors;
      const order = vectors.map((vector) => vector.irq);
      expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
      expect(order.every((irq) => irqs.includes(irq))).toBe(true);
      expect(vectors.every((v) => (v.role === 'control') === (v.queue === null))).toBe(true);
    }),
  );
});

it('reads hostile names in time that grows with their length only', () => {
  const long = `${'eth0-TxRx-'.repeat(5000)}x`;
  const device = nicOf({ msiIrqs: [1, 2] });
  expect(found(device, { 1: long, 2: 'eth0-TxRx-0' })).toHaveLength(2);
});
