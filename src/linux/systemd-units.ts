import type { Root } from './root.ts';

/** Where systemd finds links that enable a unit, and what masks it (systemd.unit(5)). */
const DIRECTORIES = ['/etc/systemd/system', '/run/systemd/system'];

/**
 * Whether systemd starts the unit at boot: a link to it in a `.wants` or `.requires` directory, and no mask (a link to /dev/null).
 * Starts nothing and asks nobody, so it also works below a -sysroot and before systemd has started the unit. Throws KernelFileError.
 */
export function isEnabled(root: Root, unit: string): boolean {
  const masked = DIRECTORIES.some((directory) => root.readlink(`${directory}/${unit}`) === '/dev/null');
  return (
    !masked &&
    DIRECTORIES.some((directory) =>
      root
        .list(directory)
        .filter((name) => name.endsWith('.wants') || name.endsWith('.requires'))
        .some((name) => root.list(`${directory}/${name}`).includes(unit)),
    )
  );
}
