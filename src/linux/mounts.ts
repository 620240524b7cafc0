import type { Root } from './root.ts';

/** Mount points of BPF file systems, from /proc/self/mounts. Throws KernelFileError. */
export function bpfMounts(root: Root): string[] {
  const text = root.readIfPresent('/proc/self/mounts') ?? root.read('/proc/mounts');
  return text.split('\n').flatMap((line) => {
    const [, point, type] = line.split(' ');
    // The kernel writes a space in a path as \040.
    const unescape = (path: string): string =>
      path.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    return type === 'bpf' && point !== undefined ? [unescape(point)] : [];
  });
}

/** True when the path is below one of the directories. */
export function isBelow(file: string, directories: readonly string[]): boolean {
  return directories.some(
    (directory) => file === directory || file.startsWith(directory.replace(/\/*$/, '/')),
  );
}
