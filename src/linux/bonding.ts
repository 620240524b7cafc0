import type { Root } from './root.ts';

/** The mode of a bond (`active-backup`, `802.3ad`, …), null for what is none. Throws KernelFileError. */
export function bondMode(root: Root, name: string): string | null {
  return root.readIfPresent(`/sys/class/net/${name}/bonding/mode`)?.split(' ')[0]?.trim() ?? null;
}

/** How it chooses the member that sends: `layer2`, `layer3+4`, `vlan+srcmac`; null for what is no bond. */
export function bondHashPolicy(root: Root, name: string): string | null {
  return root.readIfPresent(`/sys/class/net/${name}/bonding/xmit_hash_policy`)?.split(' ')[0]?.trim() ?? null;
}

/**
 * Whether a bond of this mode hands an XDP program to its members, which run it in their drivers if all of them can: since Linux 5.15
 * (bond_xdp_check in drivers/net/bonding/bond_main.c), all but broadcast, balance-tlb, balance-alb and the policy vlan+srcmac.
 */
export function takesXdp(mode: string | null, hashPolicy: string | null): boolean {
  if (mode === 'balance-rr' || mode === 'active-backup') return true;
  return (mode === 'balance-xor' || mode === '802.3ad') && hashPolicy !== 'vlan+srcmac';
}
