import fs from 'node:fs';
import path from 'node:path';
import type { Options } from '../cli/options.ts';
import { openRoot } from '../linux/root.ts';
import { readStatus } from '../linux/self-status.ts';
import { errnoOf, EXIT, Failure, messageOf, UsageError } from '../failure.ts';

/** The first directory on the way to the file that this process may not enter; undefined when it may enter all. */
function closedDirectory(file: string): string | undefined {
  const directory = path.dirname(path.resolve(file));
  const names = directory.split(path.sep).filter((name) => name !== '');
  return names
    .map((_, index) => path.sep + names.slice(0, index + 1).join(path.sep))
    .find((way) => {
      try {
        fs.accessSync(way, fs.constants.X_OK);
        return false;
      } catch (error) {
        return errnoOf(error) === 'EACCES';
      }
    });
}

/** Root enters every directory by a capability, which a unit can lack. */
const wayIn = (directory: string): string =>
  readStatus(openRoot('/')).effectiveUid === 0
    ? `root lacks CAP_DAC_READ_SEARCH here: move the file to a directory that is open, or give the unit that capability (systemctl edit: [Service] CapabilityBoundingSet=CAP_DAC_READ_SEARCH)`
    : `move the file to a directory that is open, or open this one: chmod o+x ${directory}`;

/** A file of a flag that is not there or not what it should be: trying again does not mend it, so that a service manager shall not. */
export function wrongFile(what: string, remedy: string, cause?: unknown): Failure {
  return new Failure(what, { remedy, cause, exitStatus: EXIT.usage });
}

/** Throws Failure unless the file is there, is a regular file and can be accessed that way. */
export function checkFile(file: string, mode: 'read' | 'execute', what: string, flag: string): void {
  const advice = `check ${flag}`;
  try {
    if (!fs.statSync(file).isFile()) throw wrongFile(`${what} ${file} is not a file`, advice);
    fs.accessSync(file, mode === 'read' ? fs.constants.R_OK : fs.constants.X_OK);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = errnoOf(error) ?? messageOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw wrongFile(`${what} ${file} does not exist`, advice, error);
    if (code === 'EACCES') {
      const closed = closedDirectory(file);
      throw closed === undefined
        ? wrongFile(`${what} ${file} is not ${mode === 'read' ? 'readable' : 'executable'}`, advice, error)
        : wrongFile(`${what} ${file} cannot be reached: ${closed} may not be entered`, wayIn(closed), error);
    }
    throw new Failure(`cannot use ${what} ${file}: ${code}`, { remedy: advice, cause: error });
  }
}

/** Throws Failure unless the BPF objects katran will load are there and readable. */
export function checkBpfObjects(options: Pick<Options, 'balancer_bpf' | 'enable_hc' | 'hc_bpf'>): void {
  const check = (file: string, flag: string, what: string): void => {
    if (file === '') throw new UsageError(`no ${what} given; name it with ${flag}`);
    checkFile(file, 'read', what, flag);
  };
  check(options.balancer_bpf, '-balancer_bpf', 'balancer BPF object');
  if (options.enable_hc) check(options.hc_bpf, '-hc_bpf', 'healthchecking BPF object');
}
