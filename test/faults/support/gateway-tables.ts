import fs from 'node:fs';
import path from 'node:path';
import type { Scene } from './scene.ts';

/** What the staged machine has: eth0's default route goes to this address. */
export const GATEWAY = '10.77.0.1';
export const GATEWAY_MAC = '96:a3:21:a5:07:cb';
export const OTHER_MAC = '02:00:00:00:00:99';

const ARP_HEADER = 'IP address       HW type     Flags       HW address            Mask     Device\n';
const ROUTE_HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

/** Replaces a kernel table in one step: the launcher never sees half of it. */
export function replaceTable(scene: Scene, file: string, text: string): void {
  const target = path.join(scene.staged.sysroot, file);
  fs.writeFileSync(path.join(scene.staged.sysroot, 'table'), text);
  fs.renameSync(path.join(scene.staged.sysroot, 'table'), target);
}

interface Entry {
  readonly address?: string;
  readonly mac: string;
  readonly flags?: string;
  readonly device?: string;
}

/** /proc/net/arp with just these entries. */
export function setNeighbours(scene: Scene, ...entries: Entry[]): void {
  const lines = entries.map(
    ({ address = GATEWAY, mac, flags = '0x2', device = 'eth0' }) =>
      `${address.padEnd(16)} 0x1         ${flags}         ${mac}     *        ${device}\n`,
  );
  replaceTable(scene, 'proc/net/arp', ARP_HEADER + lines.join(''));
}

export function changeGatewayMac(scene: Scene, mac: string): void {
  setNeighbours(scene, { mac });
}

export function forgetGateway(scene: Scene): void {
  setNeighbours(scene);
}

/** /proc/net/route with one default route, or none. */
export function setDefaultRoute(scene: Scene, route?: { device: string; gateway: string }): void {
  const hex = (route?.gateway ?? '0.0.0.0')
    .split('.')
    .reverse()
    .map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase())
    .join('');
  const line =
    route === undefined ? '' : `${route.device}\t00000000\t${hex}\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`;
  replaceTable(scene, 'proc/net/route', ROUTE_HEADER + line);
}
