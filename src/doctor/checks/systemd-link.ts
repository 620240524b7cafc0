import type { Root } from '../../linux/root.ts';
import { ok, skipped, warn, type Check } from '../types.ts';

const DIRECTORIES = ['/etc/systemd/network', '/run/systemd/network', '/usr/lib/systemd/network'];
const POLICY = /^\s*IRQAffinityPolicy\s*=\s*(\S+)/m;

/** The .link files and their drop-ins, those of /etc first. */
function linkFiles(root: Root): string[] {
  return DIRECTORIES.flatMap((directory) =>
    root.list(directory).flatMap((name) => {
      if (name.endsWith('.link')) return [`${directory}/${name}`];
      if (!name.endsWith('.link.d')) return [];
      return root
        .list(`${directory}/${name}`)
        .filter((dropIn) => dropIn.endsWith('.conf'))
        .map((dropIn) => `${directory}/${name}/${dropIn}`);
    }),
  );
}

export const systemdLink: Check = {
  id: 'systemd-link',
  group: 'affinity',
  purpose: "no systemd .link file sets a policy for the NIC's interrupts",
  look: ({ root }) => {
    if (!DIRECTORIES.some((directory) => root.exists(directory)))
      return skipped(`no systemd link files: ${DIRECTORIES.join(', ')} do not exist`);
    const found = linkFiles(root).flatMap((file) => {
      const policy = POLICY.exec(root.readIfPresent(file) ?? '')?.[1];
      return policy === undefined ? [] : [{ file, policy }];
    });
    const [first] = found;
    if (first === undefined) return ok('no IRQAffinityPolicy= in any .link file');
    return warn(
      found.map(({ file, policy }) => `${file}: IRQAffinityPolicy=${policy}`).join(', '),
      'systemd spreads the interrupts by its own rule whenever the interface appears (boot, driver reload)',
      `remove the line, or start katran with -affinitize after it: ${first.file}`,
    );
  },
};
