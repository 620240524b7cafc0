import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const GUEST = join(import.meta.dirname, '..');

/** The program that shows that a package of packages.txt is there. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'qemu-system-x86': 'qemu-system-x86_64',
  'busybox-static': 'busybox',
  cpio: 'cpio',
  'xz-utils': 'xz',
  iproute2: 'ip',
  ethtool: 'ethtool',
  irqbalance: 'irqbalance',
};

/** Throws, in one line, what this machine lacks for the guest tests: they never install anything, nor pass without. */
export function checkRequirements(): void {
  const packages = readFileSync(join(GUEST, 'packages.txt'), 'utf8').trim().split('\n');
  const missing = packages.filter((name) => !onPath(PROGRAMS[name] ?? name));
  if (missing.length > 0) {
    throw new Error(`the guest tests need packages that are missing: apt-get install ${missing.join(' ')}`);
  }
  if (process.getuid?.() !== 0)
    throw new Error('the guest tests need root, for a tap device in a network namespace');
  if (!existsSync('/dev/net/tun'))
    throw new Error('the guest tests need /dev/net/tun, for the guest’s network');
}

function onPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
