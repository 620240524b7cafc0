/** Files that come and go by themselves: that one is absent says nothing about the mount. */
const SHORT_LIVED = /^\/proc\/(?:irq|self|\d+)\//;

/**
 * What to do about a kernel file that cannot be read, by errno; undefined where that is not known here. `path` is the kernel's
 * (`/proc/interrupts`), `live` whether it is read on this machine, `uid` the reader's, where it is known.
 */
export function readHint(
  path: string,
  code: string | undefined,
  { live, uid }: { readonly live: boolean; readonly uid?: number | undefined },
): string | undefined {
  if (code === 'EACCES' || code === 'EPERM')
    return uid === 0
      ? 'root may not read it here: a capability is missing, or a security policy forbids it'
      : 'run as root';
  const mount = /^\/(?:proc|sys)(?=\/)/.exec(path)?.[0];
  if (code !== 'ENOENT' || mount === undefined || SHORT_LIVED.test(path)) return undefined;
  return live
    ? `is ${mount} mounted, and all of it (containers hide parts)?`
    : `is ${mount} mounted there? check -sysroot`;
}
