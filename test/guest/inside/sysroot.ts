import { mkdirSync, writeFileSync } from 'node:fs';
import { must } from './kernel.ts';

const ROOT = '/run/sysroot';

/**
 * Makes a root for `-sysroot` whose /proc and /sys are the real ones, but where each path of `instead` shows another of
 * the kernel's files or directories, or the text given. What the program reads can so be wrong, while the kernel that
 * takes its writes, or refuses them, is the real one. `remove` takes it all away.
 */
export function sysrootWith(instead: Readonly<Record<string, { path: string } | { text: string }>>): {
  path: string;
  remove: () => void;
} {
  const mounted: string[] = [];
  const bind = (from: string, to: string): void => {
    must(`mount --bind ${from} ${to}`);
    mounted.unshift(to);
  };
  for (const name of ['proc', 'sys', 'run']) {
    mkdirSync(`${ROOT}/${name}`, { recursive: true });
    if (name !== 'run') bind(`/${name}`, `${ROOT}/${name}`);
  }
  for (const [path, source] of Object.entries(instead)) {
    bind('path' in source ? source.path : textFile(mounted.length, source.text), `${ROOT}${path}`);
  }
  return {
    path: ROOT,
    remove: () => {
      for (const path of mounted) must(`umount ${path}`);
    },
  };
}

function textFile(number: number, text: string): string {
  const path = `${ROOT}/text-${number}`;
  writeFileSync(path, text);
  return path;
}
