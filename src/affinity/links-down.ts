import { readNetDevice, type NetDevice } from '../linux/net-device.ts';
import type { Root } from '../linux/root.ts';
import type { Warning } from '../failure.ts';

/**
 * The interfaces that are switched off between one and the bottom of what it stands on, from the top down. `interface-down`:
 * no packet gets through, because it is down itself, or a level in between is, or everything at the bottom.
 * `member-down`: others carry on (a bond with a member in maintenance). Throws as readNetDevice does; `known` are
 * devices that were read already.
 */
export function linksDown(root: Root, interfaceName: string, known: readonly NetDevice[] = []): Warning[] {
  const devices = new Map(known.map((device) => [device.name, device]));
  const order: NetDevice[] = [];
  const carries = new Map<string, boolean>();
  const visit = (name: string): boolean => {
    const before = carries.get(name);
    if (before !== undefined) return before;
    // Links in a circle carry nothing.
    carries.set(name, false);
    const device = devices.get(name) ?? readNetDevice(root, name);
    order.push(device);
    const below = [...device.lower].sort().map(visit);
    const through = device.up && (below.length === 0 || below.includes(true));
    carries.set(name, through);
    return through;
  };
  const through = visit(interfaceName);
  return order
    .filter(({ up }) => !up)
    .map(({ name }) => ({
      code: through ? 'member-down' : 'interface-down',
      message:
        `${name} is down; ${through ? `the others below ${interfaceName} carry on without it, and ` : ''}` +
        `some drivers request their interrupts anew when it comes up: ip link set ${name} up`,
    }));
}
