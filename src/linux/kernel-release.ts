import { Failure } from '../failure.ts';
import type { Root } from './root.ts';

export interface KernelRelease {
  /** `6.1.0-56-amd64`. */
  readonly text: string;
  /** Of the release, as a tuple that `isBefore` compares. */
  readonly version: readonly [major: number, minor: number];
}

/** /proc/sys/kernel/osrelease, or the third word of /proc/version. Throws KernelFileError, Failure. */
export function kernelRelease(root: Root): KernelRelease {
  const text =
    root.readIfPresent('/proc/sys/kernel/osrelease')?.trim() ??
    root.read('/proc/version').split(' ')[2] ??
    '';
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined || minor === undefined)
    throw new Failure(`${JSON.stringify(text.slice(0, 40))} is not a kernel release that can be understood`);
  return { text, version: [Number(major), Number(minor)] };
}

/** True for a kernel older than this version. */
export function isBefore(
  { version: [major, minor] }: KernelRelease,
  than: readonly [number, number],
): boolean {
  return major < than[0] || (major === than[0] && minor < than[1]);
}
