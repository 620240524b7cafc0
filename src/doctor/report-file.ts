import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../failure.ts';

/** The first line of every report: by it we know a file as our own. */
export const REPORT_TITLE = 'start-katran report, version 1';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

function isOurs(file: string): boolean {
  const descriptor = fs.openSync(
    file,
    fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK,
  );
  try {
    if (!fs.fstatSync(descriptor).isFile()) return false;
    const start = Buffer.alloc(REPORT_TITLE.length);
    fs.readSync(descriptor, start, 0, start.length, 0);
    return start.toString('latin1') === REPORT_TITLE;
  } finally {
    fs.closeSync(descriptor);
  }
}

function requireFree(file: string): void {
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined || isOurs(file)) return;
  } catch (error) {
    throw new Failure(`cannot look at ${file}: ${codeOf(error)}; give another -report_file`);
  }
  throw new Failure(
    `${file} exists and is not a report of start-katran, so it is left alone; give another -report_file`,
  );
}

/**
 * Writes a report, readable by its owner alone (0600). An earlier report is replaced as a whole; any other file, a symbolic link
 * included, is left alone. Throws Failure.
 */
export function writeReport(file: string, text: string): void {
  requireFree(file);
  const fresh = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
    const descriptor = fs.openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      fs.writeFileSync(descriptor, text);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(fresh, file);
  } catch (error) {
    // The new file is ours only when it could be made: another's of that name is EEXIST.
    if (codeOf(error) !== 'EEXIST') fs.rmSync(fresh, { force: true });
    throw new Failure(`cannot write the report to ${file}: ${codeOf(error)}; give another -report_file`, {
      cause: error,
    });
  }
}
