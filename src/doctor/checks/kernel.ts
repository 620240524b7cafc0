import { isBefore } from '../../linux/kernel-release.ts';
import { fail, ok, warn, type Check } from '../types.ts';

export const kernel: Check = {
  id: 'kernel',
  group: 'host',
  purpose: "new enough for katran's BPF programs",
  look: (host) => {
    const release = host.kernel();
    const found = `Linux ${release.text}`;
    if (isBefore(release, [4, 13]))
      return fail(
        found,
        'katran needs at least 4.13: its programs do not load here',
        'boot a newer kernel, best 5.11 or later',
      );
    if (isBefore(release, [5, 6]))
      return warn(
        found,
        'releases of katran since 2021 are built for 5.6 and later',
        'boot a newer kernel, best 5.11 or later',
      );
    return ok(found);
  },
};
