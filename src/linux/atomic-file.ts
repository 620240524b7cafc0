import fs from 'node:fs';
import path from 'node:path';
import { Failure, errnoOf, messageOf } from '../failure.ts';

/** A file that could not be written; `code` is the errno name (`ENOSPC`, `EACCES`, …) where there is one. */
export class UnwritableFile extends Failure {
  constructor(
    file: string,
    readonly reason: string,
    readonly advice: string,
    readonly code?: string,
    cause?: unknown,
  ) {
    super(`cannot write ${file}: ${reason}; ${advice}`, { cause });
  }
}

/** What an operator can do about a directory that refuses to be written to. */
function adviceFor(code: string | undefined): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'make room there';
  if (code === 'EACCES' || code === 'EPERM') return 'run as root';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'make its directory';
  return 'make it writable';
}

/** The failure for whatever a file system call threw. */
export function unwritable(file: string, error: unknown): UnwritableFile {
  const code = errnoOf(error);
  return new UnwritableFile(file, code ?? messageOf(error), adviceFor(code), code, error);
}

/** A rename would replace a link, a device or a directory by a file; whoever made it there did not mean that. */
function requireReplaceable(file: string): void {
  const present = fs.lstatSync(file, { throwIfNoEntry: false });
  if (present === undefined || present.isFile()) return;
  const kind = present.isSymbolicLink() ? 'a symbolic link' : 'not a regular file';
  throw new UnwritableFile(file, `it is ${kind}`, 'remove it');
}

/** The new name is on the disk only when its directory is; file systems that cannot do that say EINVAL. */
function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    fs.fsyncSync(descriptor);
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Replaces a file as a whole: whoever reads it, also after a power failure, finds the old text or the new one. The file then has
 * exactly that mode, and belongs to this process's user whoever owned the old one: in a directory that others may write to, an
 * earlier owner must not be given what is written now. Writes through no symbolic link. Throws UnwritableFile; the old file
 * and nothing else is there then. `outlivesPowerFailure` false: nobody waits for the disk, and a power failure may leave the file empty.
 */
export function replaceFile(
  file: string,
  text: string,
  mode = 0o600,
  { outlivesPowerFailure = true }: { readonly outlivesPowerFailure?: boolean } = {},
): void {
  const directory = path.dirname(file);
  // Nobody can guess the name, and O_EXCL refuses one that somebody made all the same.
  const fresh = path.join(directory, `.${path.basename(file)}.${crypto.randomUUID()}`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  let made = false;
  try {
    requireReplaceable(file);
    const descriptor = fs.openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    made = true;
    try {
      fs.writeFileSync(descriptor, text);
      // The mode is the one asked for whatever the umask is, and only once all is in it.
      fs.fchmodSync(descriptor, mode);
      if (outlivesPowerFailure) fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(fresh, file);
    made = false;
    if (outlivesPowerFailure) syncDirectory(directory);
  } catch (error) {
    if (made) fs.rmSync(fresh, { force: true });
    if (error instanceof UnwritableFile) throw error;
    throw unwritable(file, error);
  }
}
