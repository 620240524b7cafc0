import { spawnSync } from 'node:child_process';

/** Why a mount namespace of one's own cannot be made here, for the note of a skipped test; undefined where it can. */
export function whyNoMounts(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to mount in a namespace of its own';
  const tried = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt'], {
    encoding: 'utf8',
  });
  if (tried.error !== undefined) return 'needs unshare (util-linux), to mount in a namespace of its own';
  return tried.status === 0 ? undefined : `cannot mount here: ${tried.stderr.trim()}`;
}
