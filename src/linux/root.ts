import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, Failure, messageOf } from '../failure.ts';
import { readHint } from './read-hint.ts';

/** A kernel file that could not be read or written; `code` is the errno name (`EIO`, `ENOENT`, …) where there is one. */
export class KernelFileError extends Failure {
  readonly path: string;
  readonly code: string | undefined;

  constructor(what: string, path: string, code?: string, cause?: unknown, remedy?: string) {
    super(what, { cause, remedy });
    this.path = path;
    this.code = code;
  }
}

/**
 * The directory below which /proc, /sys and /run are read and written (`-sysroot`). All paths given to it are
 * absolute (`/proc/interrupts`) and are looked up below that directory. Symbolic links are followed, wherever they lead;
 * where the end of one becomes a path itself (`realpath`), it must lie below the directory.
 */
export interface Root {
  /** Absolute path of the directory: `/` on a live host. */
  readonly path: string;
  /** True for `/`: what is read is this machine. */
  readonly live: boolean;
  /** Text of a file. Throws KernelFileError. */
  read(path: string): string;
  /** Text of a file, or undefined when it (or a directory on the way) does not exist. Throws KernelFileError otherwise. */
  readIfPresent(path: string): string | undefined;
  /** The first so many bytes of a file, all of it where it is shorter; undefined when it does not exist. Throws KernelFileError otherwise. */
  readStart(path: string, bytes: number): string | undefined;
  /**
   * The lines of a file as bytes, each good until the next is asked for: a table of a megabyte is never in memory as a whole. Throws
   * KernelFileError while they are gone through.
   */
  lines(path: string): Iterable<Buffer>;
  /** One write(2) of the text, as kernel files want it. Refuses an empty text. Throws KernelFileError. */
  write(path: string, text: string): void;
  /** Names in a directory, sorted; empty when it does not exist. Throws KernelFileError otherwise. */
  list(path: string): string[];
  /** Where a symbolic link ends, as a path below the root, or undefined when it does not exist. */
  realpath(path: string): string | undefined;
  /** What a symbolic link says, not followed (`socket:[1234]`), or undefined when it does not exist. */
  readlink(path: string): string | undefined;
  exists(path: string): boolean;
  /** The path on this machine's own file system, for messages and for files of our own. */
  hostPath(path: string): string;
}

function isAbsence(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The kernel gives a page of a table with each read(2). */
function startOf(file: string, bytes: number): string {
  const buffer = Buffer.allocUnsafe(bytes);
  const descriptor = fs.openSync(file, 'r');
  try {
    let length = 0;
    while (length < bytes) {
      const read = fs.readSync(descriptor, buffer, length, bytes - length, null);
      if (read === 0) break;
      length += read;
    }
    return buffer.toString('utf8', 0, length);
  } finally {
    fs.closeSync(descriptor);
  }
}

const FOR_WRITING = fs.constants.O_WRONLY | fs.constants.O_TRUNC;
const NEWLINE = 0x0a;
/** Some twenty lines of /proc/interrupts with 256 CPUs; what a line longer than that needs comes with it. */
const LINES_BYTES = 0x1_0000;

function* linesOf(file: string): Generator<Buffer> {
  let buffer = Buffer.allocUnsafe(LINES_BYTES);
  const descriptor = fs.openSync(file, 'r');
  try {
    // Before `kept` are the bytes of a line whose end is not read yet.
    for (let kept = 0; ;) {
      if (kept === buffer.length) buffer = Buffer.concat([buffer], 2 * kept);
      const read = fs.readSync(descriptor, buffer, kept, buffer.length - kept, null);
      const filled = buffer.subarray(0, kept + read);
      let begin = 0;
      for (let end = filled.indexOf(NEWLINE, kept); end !== -1; end = filled.indexOf(NEWLINE, begin)) {
        yield filled.subarray(begin, end);
        begin = end + 1;
      }
      if (read === 0) {
        if (kept > 0) yield filled;
        return;
      }
      filled.copyWithin(0, begin);
      kept = filled.length - begin;
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Our own effective user id, whatever -sysroot says; undefined where this machine's /proc cannot be read. */
export function ownUid(): number | undefined {
  try {
    const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

/** Opens the root; throws Failure when the directory does not exist. */
export function openRoot(directory: string): Root {
  let base: string;
  try {
    base = directory === '/' ? directory : fs.realpathSync(directory);
  } catch (error) {
    throw new Failure(`cannot use -sysroot ${directory}: ${errnoOf(error) ?? messageOf(error)}`, {
      remedy: 'it must be an existing directory',
    });
  }
  const prefix = base === '/' ? '' : base;
  const hostPath = (kernelPath: string): string => prefix + kernelPath;

  const failed = (verb: string, kernelPath: string, error: unknown): KernelFileError => {
    const code = errnoOf(error);
    // What a refused write means is known where it is made.
    const remedy =
      verb === 'write' ? undefined : readHint(kernelPath, code, { live: base === '/', uid: ownUid() });
    return new KernelFileError(
      `cannot ${verb} ${hostPath(kernelPath)}: ${code ?? messageOf(error)}`,
      hostPath(kernelPath),
      code,
      error,
      remedy,
    );
  };

  const attempt = <T>(verb: string, kernelPath: string, action: (file: string) => T): T => {
    try {
      return action(hostPath(kernelPath));
    } catch (error) {
      throw failed(verb, kernelPath, error);
    }
  };

  const attemptIfPresent = <T>(
    verb: string,
    kernelPath: string,
    action: (file: string) => T,
  ): T | undefined => {
    try {
      return action(hostPath(kernelPath));
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw failed(verb, kernelPath, error);
    }
  };

  return {
    path: base,
    live: base === '/',
    hostPath,
    read: (p) => attempt('read', p, (file) => fs.readFileSync(file, 'utf8')),
    readIfPresent: (p) => attemptIfPresent('read', p, (file) => fs.readFileSync(file, 'utf8')),
    readStart: (p, bytes) => attemptIfPresent('read', p, (file) => startOf(file, bytes)),
    lines: function* (p) {
      try {
        yield* linesOf(hostPath(p));
      } catch (error) {
        throw failed('read', p, error);
      }
    },
    list: (p) => attemptIfPresent('list', p, (file) => fs.readdirSync(file).sort()) ?? [],
    exists: (p) => fs.existsSync(hostPath(p)),
    readlink: (p) => attemptIfPresent('follow', p, (file) => fs.readlinkSync(file)),
    realpath: (p) => {
      const target = attemptIfPresent('follow', p, (file) => fs.realpathSync(file));
      if (target === undefined || prefix === '') return target;
      if (!target.startsWith(prefix + path.sep)) {
        throw new KernelFileError(`${hostPath(p)} leads out of -sysroot ${base}, to ${target}`, hostPath(p));
      }
      return target.slice(prefix.length);
    },
    write: (p, text) => {
      // An empty write(2) is never made by Node: it would report success and change nothing.
      if (text === '')
        throw new KernelFileError(`refusing to write nothing to ${hostPath(p)}`, hostPath(p), 'EINVAL');
      try {
        const descriptor = fs.openSync(hostPath(p), FOR_WRITING);
        try {
          fs.writeSync(descriptor, text);
        } finally {
          fs.closeSync(descriptor);
        }
      } catch (error) {
        throw failed('write', p, error);
      }
    },
  };
}
