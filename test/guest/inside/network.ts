import { GATEWAY } from '../rig/machine.ts';
import { must } from './kernel.ts';

/** Brings `names` up, and gives eth0 its address and the default route. */
export function bringUp(names: readonly string[]): void {
  for (const name of names) must(`ip link set ${name} up`);
  must(`ip addr add ${GATEWAY.guest}/24 dev eth0`);
  must(`ip route add default via ${GATEWAY.address} dev eth0`);
}

/** bond0 with eth4 and eth5 as members, and VLAN 100 on it. */
export function makeBondWithVlan(): void {
  must('ip link add bond0 type bond mode active-backup');
  for (const name of ['eth4', 'eth5']) must(`ip link set ${name} master bond0`);
  must('ip link add link bond0 name bond0.100 type vlan id 100');
  for (const name of ['bond0', 'bond0.100']) must(`ip link set ${name} up`);
}
