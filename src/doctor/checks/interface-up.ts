import { fail, ok, type Check } from '../types.ts';

export const interfaceUp: Check = {
  id: 'interface-up',
  group: 'NIC',
  purpose: 'the interface is switched on',
  look: (host) => {
    const names = new Map([host.device(), ...host.members()].map((device) => [device.name, device.up]));
    const down = [...names].filter(([, up]) => !up).map(([name]) => name);
    if (down.length === 0) return ok(`${[...names.keys()].join(', ')} up`);
    return fail(
      `${down.join(', ')} down`,
      'no packet arrives, and some drivers have no interrupts until they are up',
      down.map((name) => `ip link set ${name} up`).join(' && '),
    );
  },
};
