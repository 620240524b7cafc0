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
