import type { InterruptLine, InterruptTable } from '../../linux/interrupts.ts';
import type { NetDevice } from '../../linux/net-device.ts';

/** A line of /proc/interrupts that belongs to a NIC, under the action name that says so. */
export interface DeviceLine {
  readonly irq: number;
  readonly name: string;
  /** The other actions on the same interrupt: other devices, for a shared INTx line. */
  readonly sharedWith: readonly string[];
}

export interface DeviceLines {
  /** `msi`: the device's own vectors, whatever they are called; `named`: found by the name of their action. */
  readonly by: 'msi' | 'named';
  /** Ascending by IRQ. */
  readonly lines: readonly DeviceLine[];
}

/**
 * The names under which a NIC's lines can appear when its device directory lists no vectors: the interface itself, its
 * virtio device (`virtio1`), its Xen device (`vif0`, of the directory `vif-0`).
 */
export function ownNames(device: NetDevice, deviceDirectory?: string): string[] {
  const xen = /^vif-(\d+)$/.exec(deviceDirectory ?? '');
  const names = [device.name];
  if (device.virtioDevice !== null) names.unshift(device.virtioDevice);
  if (xen?.[1] !== undefined) names.unshift(`vif${xen[1]}`);
  return names;
}

function namedAction(line: InterruptLine, names: readonly string[]): string | undefined {
  const begins = (action: string): boolean =>
    names.some((name) => action.startsWith(`${name}-`) || action.startsWith(`${name}:`));
  return line.actions.find((action) => names.includes(action)) ?? line.actions.find(begins);
}

/**
 * The lines of /proc/interrupts that belong to a NIC: those of its msi_irqs that have an action (drivers allocate more
 * vectors than they request); without any, those whose action is exactly one of the NIC's names or such a name followed
 * by `-` or `:`. `eth1` never matches `eth10-TxRx-0`.
 */
export function deviceLines(
  device: NetDevice,
  interrupts: InterruptTable,
  names: readonly string[],
): DeviceLines {
  const own: DeviceLine[] = [];
  for (const irq of [...device.msiIrqs].sort((a, b) => a - b)) {
    const actions = interrupts.lines.get(irq)?.actions ?? [];
    if (actions.length > 0) own.push({ irq, name: actions.join(', '), sharedWith: [] });
  }
  if (own.length > 0) return { by: 'msi', lines: own };

  const named: DeviceLine[] = [];
  for (const line of interrupts.lines.values()) {
    const name = namedAction(line, names);
    if (name === undefined) continue;
    named.push({ irq: line.irq, name, sharedWith: line.actions.filter((action) => action !== name) });
  }
  return { by: 'named', lines: named.sort((a, b) => a.irq - b.irq) };
}
