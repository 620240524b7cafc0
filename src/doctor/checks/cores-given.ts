import { ok, warn, type Check } from '../types.ts';

export const coresGiven: Check = {
  id: 'cores-given',
  group: 'affinity',
  purpose: '-forwarding_cores names the CPUs that receive packets, and no others',
  look: (host) => {
    const given = host.options.forwarding_cores;
    if (given === undefined) return ok('not given: the cores are those of the queues');
    const online = host.topology().online.length;
    if (given.length < online || online === 1) return ok(`${given.length} of ${online} CPUs`);
    return warn(
      `all ${online} CPUs`,
      'the connection table is divided over all of them, and most never see a packet',
      'name only the CPUs with a receive queue (see /proc/interrupts), or drop -forwarding_cores',
    );
  },
};
