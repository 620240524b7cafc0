import { Failure } from '../../failure.ts';
import type { NetDevice } from '../../linux/net-device.ts';
import type { Vector } from '../types.ts';

/** A NIC has no vector that receives, or none yet: many drivers request them when the interface comes up. */
export class NoReceiveInterrupts extends Failure {}

const GIVE_CORES = 'give -forwarding_cores, the CPUs that receive its packets, to go without IRQ discovery';
const WAY_OUT = `or ${GIVE_CORES}`;

/** Drivers that never request an interrupt: their packets come over a channel of the hypervisor, whose CPU it chooses. */
const WITHOUT_INTERRUPTS: ReadonlySet<string> = new Set(['hv_netvsc']);

/** Why a NIC has no vector that receives, and what to do about it. `vectors` are those it has all the same. */
export function noReceiveVectors(device: NetDevice, vectors: readonly Vector[]): NoReceiveInterrupts {
  const what = `${device.name} (driver ${device.driver ?? 'none'}) has no receive interrupts`;
  const hasBus = device.pciAddress !== null || device.virtioDevice !== null;
  if (vectors.length === 0 && !hasBus && device.driver === null)
    return new NoReceiveInterrupts(`${what} of its own: it is a virtual device`, {
      remedy: `give the physical interface below it with -intf, ${WAY_OUT}`,
    });
  if (vectors.length === 0 && !hasBus && (device.up || WITHOUT_INTERRUPTS.has(device.driver ?? '')))
    return new NoReceiveInterrupts(
      `${what}: ${device.driver ?? 'it'} has no interrupts of its own to pin, there is no PCI function behind it`,
      { remedy: GIVE_CORES },
    );
  if (!device.up)
    return new NoReceiveInterrupts(
      `${what}: it is down, and drivers request their interrupts when it comes up`,
      {
        remedy: `run: ip link set ${device.name} up; ${WAY_OUT}`,
      },
    );
  if (vectors.length > 0) {
    const names = vectors.map((vector) => `${vector.irq} ${vector.name}`).slice(0, 8);
    return new NoReceiveInterrupts(`${what} in /proc/interrupts, only ${names.join(', ')}`, {
      remedy: `look at its queues: ethtool -l ${device.name}; ${WAY_OUT}`,
    });
  }
  return new NoReceiveInterrupts(`${what} in /proc/interrupts`, {
    remedy: `a driver that polls has none: look for its name there, ${WAY_OUT}`,
  });
}
