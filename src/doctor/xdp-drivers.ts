import { Failure } from '../failure.ts';
import { bondHashPolicy, bondMode, takesXdp } from '../linux/bonding.ts';
import { isBefore } from '../linux/kernel-release.ts';
import type { NetDevice } from '../linux/net-device.ts';
import type { Host } from './host.ts';

/** Drivers that run an XDP program themselves and can send from it (XDP_TX), as of Linux 6.12. */
const NATIVE_XDP = new Set(
  [
    'atlantic bnxt_en dpaa dpaa2-eth ena fbnic fec fsl_dpa fsl_enetc gve hv_netvsc i40e ice igb igc ionic ixgbe ixgbevf mana mlx4_core',
    'mlx4_en mlx5_core mvneta mvpp2 netsec nfp octeontx2-nicpf qede rvu_nicpf sfc sfc_ef100 stmmac thunder-nicvf tsnep tun veth',
    'virtio_net vif vmxnet3 xen-netfront',
  ]
    .join(' ')
    .split(' '),
);

/** The largest MTU with which the driver takes an XDP program that wants a packet in one page. */
const MTU_LIMITS: Readonly<Record<string, number>> = {
  gve: 2032,
  i40e: 3046,
  ice: 3046,
  igb: 3050,
  igc: 1500,
  ixgbe: 3050,
  virtio_net: 3506,
};
/** A page of 4096 bytes less headroom (256), the kernel's own data behind the packet (320) and headers. */
const PAGE_LIMIT = 3498;

export const hasNativeXdp = (driver: string | null): boolean => driver !== null && NATIVE_XDP.has(driver);
export const mtuLimit = (driver: string | null): number => MTU_LIMITS[driver ?? ''] ?? PAGE_LIMIT;

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
