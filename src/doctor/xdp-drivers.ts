import { Failure } from '../failure.ts';
import { bondHashPolicy, bondMode, takesXdp } from '../linux/bonding.ts';
import { hasNativeXdp } from '../linux/native-xdp.ts';
import { isBefore } from '../linux/kernel-release.ts';
import type { NetDevice } from '../linux/net-device.ts';
import type { Host } from './host.ts';

/** The driver, or for an interface without a device its kind as `ip` tells it (`veth`); null when neither is known. */
export async function driverOf(host: Host, device: NetDevice): Promise<string | null> {
  if (device.driver !== null || device.name !== host.interfaceName()) return device.driver;
  try {
    return (await host.link()).kind;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Whether a bond of that mode passes XDP programs on to its members. */
export function bondRunsXdp(host: Host, mode: string | null): boolean {
  return !isBefore(host.kernel(), [5, 15]) && takesXdp(mode, bondHashPolicy(host.root, host.interfaceName()));
}

/** Whether katran's program will run in generic mode: after the driver, on full socket buffers. */
export async function runsGeneric(host: Host): Promise<boolean> {
  const device = host.device();
  if (['team', 'vlan', 'bridge'].includes(device.kind)) return true;
  if (device.kind === 'bond' && !bondRunsXdp(host, bondMode(host.root, device.name))) return true;
  try {
    const { xdp } = await host.link();
    if (xdp !== null) return xdp.mode === 'generic';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  const drivers = await Promise.all(host.members().map((member) => driverOf(host, member)));
  return !drivers.every(hasNativeXdp);
}
