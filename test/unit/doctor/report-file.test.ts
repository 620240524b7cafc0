import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REPORT_TITLE, writeReport } from '../../../src/doctor/report-file.ts';
import { Failure } from '../../../src/failure.ts';
import { makeDirectory } from '../../support/machines.ts';

let directory: string;
let file: string;
const text = `${REPORT_TITLE}\n\nnew\n`;

beforeEach(() => {
  directory = makeDirectory('report');
  file = path.join(directory, 'report.txt');
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const read = (name = file): string => fs.readFileSync(name, 'utf8');

describe('a report', () => {
  test('is readable by its owner alone, and nothing else is left beside it', () => {
    const before = process.umask(0);
    try {
      writeReport(file, text);
    } finally {
      process.umask(before);
    }
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(read()).toBe(text);
    expect(fs.readdirSync(directory)).toEqual(['report.txt']);
  });

  test('replaces an earlier report, with 0600 whatever that one had', () => {
    fs.writeFileSync(file, `${REPORT_TITLE}\n\nold\n`, { mode: 0o644 });
    writeReport(file, text);
    expect(read()).toBe(text);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['a file of somebody else', () => fs.writeFileSync(file, 'precious\n')],
    ['an empty file', () => fs.writeFileSync(file, '')],
    ['a directory', () => fs.mkdirSync(file)],
  ])('leaves %s alone', (_what, make) => {
    make();
    expect(() => writeReport(file, text)).toThrow(Failure);
    expect(() => writeReport(file, text)).toThrow(
      /report\.txt exists and is not a report of start-katran.*-report_file/,
    );
    expect(fs.readdirSync(directory)).toEqual(['report.txt']);
  });

  test('does not follow a symbolic link, not even to an earlier report', () => {
    const target = path.join(directory, 'target');
    fs.writeFileSync(target, `${REPORT_TITLE}\nold\n`);
    fs.symlinkSync(target, file);
    expect(() => writeReport(file, text)).toThrow(/ELOOP/);
    expect(read(target)).toBe(`${REPORT_TITLE}\nold\n`);
  });

  test('names the directory that is missing', () => {
    expect(() => writeReport(path.join(directory, 'no/such.txt'), text)).toThrow(
      /cannot write the report to .*no\/such\.txt: ENOENT/,
    );
  });
});
