import fs from 'node:fs';
import { Failure, errnoOf, messageOf } from '../failure.ts';
import { replaceFile, UnwritableFile } from '../linux/atomic-file.ts';
import { withRegularFile } from '../linux/regular-file.ts';

/** The first line of every report: by it we know a file as our own. */
export const REPORT_TITLE = 'start-katran report, version 1';

function isOurs(file: string): boolean {
  const start = Buffer.alloc(REPORT_TITLE.length);
  withRegularFile(file, (descriptor) => fs.readSync(descriptor, start, 0, start.length, 0));
  return start.toString('latin1') === REPORT_TITLE;
}

function requireFree(file: string): void {
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined || isOurs(file)) return;
  } catch (error) {
    throw new Failure(`cannot look at ${file}: ${errnoOf(error) ?? messageOf(error)}`, {
      remedy: 'give another -report_file',
    });
  }
  throw new Failure(`${file} exists and is not a report of start-katran, so it is left alone`, {
    remedy: 'give another -report_file',
  });
}

/**
 * Writes a report, readable by its owner alone (0600). An earlier report is replaced as a whole; any other file, a symbolic link
 * included, is left alone. Throws Failure.
 */
export function writeReport(file: string, text: string): void {
  requireFree(file);
  try {
    replaceFile(file, text);
  } catch (error) {
    if (!(error instanceof UnwritableFile)) throw error;
    throw new Failure(`cannot write the report to ${file}: ${error.reason}`, {
      remedy: 'give another -report_file',
      cause: error,
    });
  }
}
