import type { InterruptTable } from '../../../../src/linux/interrupts.ts';
import type { NetDevice } from '../../../../src/linux/net-device.ts';

/** A NIC as readNetDevice would give it. */
export function nicOf(changes: Partial<NetDevice> = {}): NetDevice {
  return {
    name: 'eth0',
    driver: 'ixgbe',
    node: 0,
    up: true,
    carrier: true,
    operstate: 'up',
    pciAddress: '0000:01:00.0',
    virtioDevice: null,
    msiIrqs: [],
    lower: [],
    mtu: 1500,
    kind: 'physical',
    ...changes,
  };
}

/** /proc/interrupts from the actions of each IRQ. */
export function interruptsOf(actions: Readonly<Record<number, string>>): InterruptTable {
  const lines = Object.entries(actions).map(([irq, text]) => ({
    irq: Number(irq),
    actions: text === '' ? [] : text.split(', '),
  }));
  return { cpus: [0], lines: new Map(lines.map((line) => [line.irq, line])) };
}
