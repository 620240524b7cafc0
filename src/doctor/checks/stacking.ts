import { ok, warn, type Check } from '../types.ts';

export const stacking: Check = {
  id: 'stacking',
  group: 'NIC',
  purpose: 'the interface is a NIC itself, not a bond, team, VLAN or bridge on top of one',
  look: (host) => {
    const { name, kind } = host.device();
    if (kind === 'physical' || kind === 'virtual') return ok(kind);
    const members = host.members().map((member) => member.name);
    const each = members.map((member) => `-intf ${member}`).join(' and ');
    if (kind === 'vlan')
      return warn(
        `${name} is a VLAN on ${members.join(', ')}`,
        "XDP runs only in generic mode on it; on the interface below it katran's program sees tagged packets, which it does not balance",
        `let the switch send this network untagged, then ${each}`,
      );
    return warn(
      `${name} is a ${kind} of ${members.join(', ')}`,
      `XDP on a ${kind} is slow (generic mode) or refused`,
      `one katran for each member: ${each}, each with its own -server port`,
    );
  },
};
