import type { Root } from './root.ts';

/** `Debian GNU/Linux 12 (bookworm)`, from os-release(5); undefined where there is none. Throws KernelFileError. */
export function distribution(root: Root): string | undefined {
  const text = root.readIfPresent('/etc/os-release') ?? root.readIfPresent('/usr/lib/os-release') ?? '';
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1];
}
