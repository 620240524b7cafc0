import type { Host } from '../host.ts';
import { type Check, type Examine, fail, type Finding, groupOf, ok, skipped, warn } from '../types.ts';
import { runsGeneric } from '../xdp-drivers.ts';

/** Where a feature is switched on: words for a finding, and the commands that switch it off. */
interface SwitchedOn {
  readonly where: string;
  readonly fixed: boolean;
  readonly off: string;
}

/**
 * The check of one line of `ethtool -k` on all members: skipped where none has it, fine where it is off everywhere; `judge` says what it
 * means where it is on. `short` is what `ethtool -K` calls it.
 */
function offload(
  line: string,
  short: string,
  judge: (on: SwitchedOn, host: Host) => Finding | Promise<Finding>,
): Examine {
  return async (host) => {
    const names = host.members().map(({ name }) => name);
    const features = await Promise.all(
      names.map(async (name) => ({ name, feature: (await host.features(name)).get(line) })),
    );
    if (features.every(({ feature }) => feature === undefined))
      return skipped(`ethtool -k has no line ${line}: the driver has no such offload`);
    const on = features.filter(({ feature }) => feature?.on === true);
    if (on.length === 0) return ok(`off on ${names.join(', ')}`);
    const where = on.map(({ name }) => name).join(', ');
    const off = on.map(({ name }) => `ethtool -K ${name} ${short} off`).join(' && ');
    return judge({ where, off, fixed: on.some(({ feature }) => feature?.fixed === true) }, host);
  };
}

const lro = offload('large-receive-offload', 'lro', ({ where, fixed, off }) =>
  fail(
    `on for ${where}${fixed ? ', and the driver does not let it be changed' : ''}`,
    'drivers refuse an XDP program while it is on (EOPNOTSUPP, EINVAL)',
    fixed ? 'switch it off in the hypervisor (virtio: guest_tso4=off,guest_tso6=off)' : off,
  ),
);

const gro = offload('generic-receive-offload', 'gro', async ({ where, off }, host) =>
  (await runsGeneric(host))
    ? fail(
        `on for ${where}, and XDP will run in generic mode`,
        'merged packets are larger than the MTU: katran drops them or forwards what no real accepts',
        off,
      )
    : ok(`on for ${where}; no matter in driver mode`),
);

const groHardware = offload('rx-gro-hw', 'rx-gro-hw', ({ where, fixed, off }) =>
  warn(
    `on for ${where}${fixed ? ' [fixed]' : ''}`,
    'some drivers refuse an XDP program while it is on, others switch it off by themselves',
    fixed
      ? 'switch it off in the hypervisor if attaching fails (virtio: guest_tso4=off,guest_tso6=off)'
      : off,
  ),
);

export const offloadChecks: readonly Check[] = groupOf('offloads', {
  lro: ['the NIC does not merge packets before XDP sees them (large receive offload)', lro],
  gro: ['generic receive offload is off, or does not matter (in driver mode XDP comes before it)', gro],
  'gro-hw': ['the NIC does not merge packets before XDP sees them (hardware GRO)', groHardware],
});
