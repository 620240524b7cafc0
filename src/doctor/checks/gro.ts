import { membersWith } from '../feature-check.ts';
import { runsGeneric } from '../xdp-drivers.ts';
import { fail, ok, skipped, type Check } from '../types.ts';

export const gro: Check = {
  id: 'gro',
  group: 'NIC',
  purpose: 'generic receive offload is off, or does not matter (in driver mode XDP comes before it)',
  look: async (host) => {
    const { on, unknown, names } = await membersWith(host, 'generic-receive-offload');
    if (unknown.length === names.length) return skipped('ethtool -k has no line generic-receive-offload');
    if (on.length === 0) return ok(`off on ${names.join(', ')}`);
    const where = on.map(({ name }) => name).join(', ');
    if (!(await runsGeneric(host))) return ok(`on for ${where}; no matter in driver mode`);
    return fail(
      `on for ${where}, and XDP will run in generic mode`,
      'merged packets are larger than the MTU: katran drops them or forwards what no real accepts',
      on.map(({ name }) => `ethtool -K ${name} gro off`).join(' && '),
    );
  },
};
