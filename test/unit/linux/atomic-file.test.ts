import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replaceFile, UnwritableFile } from '../../../src/linux/atomic-file.ts';
import { makeDirectory } from '../../support/machines.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = makeDirectory('atomic');
  file = path.join(directory, 'kept.json');
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const modeOf = (name: string): number => fs.statSync(name).mode & 0o777;

describe('a file that is replaced', () => {
  test.each([
    ['a generous', 0],
    ['a strict', 0o177],
  ])('has exactly the mode asked for, under %s umask', (_which, umask) => {
    const before = process.umask(umask);
    try {
      replaceFile(file, 'private\n');
      expect(modeOf(file)).toBe(0o600);
      replaceFile(file, 'for all\n', 0o644);
    } finally {
      process.umask(before);
    }
    expect(modeOf(file)).toBe(0o644);
    expect(fs.readFileSync(file, 'utf8')).toBe('for all\n');
    expect(fs.readdirSync(directory)).toEqual(['kept.json']);
  });

  test('keeps nothing of the old one: a reader of it still has the old text', () => {
    fs.writeFileSync(file, 'old\n');
    const reader = fs.openSync(file, 'r');
    replaceFile(file, 'new\n');
    expect(fs.readFileSync(reader, 'utf8')).toBe('old\n');
    fs.closeSync(reader);
    expect(fs.readFileSync(file, 'utf8')).toBe('new\n');
  });

  test.skipIf(process.getuid?.() !== 0)('belongs to who wrote it, not to who had the old one', () => {
    fs.writeFileSync(file, 'old\n', { mode: 0o666 });
    fs.chownSync(file, 65534, 65534);
    replaceFile(file, 'new\n');
    expect(fs.statSync(file)).toMatchObject({ uid: 0, gid: process.getgid?.() });
  });
});

describe('what cannot be replaced', () => {
  test('a symbolic link stays one, and what it points to as it was', () => {
    const target = path.join(directory, 'target');
    fs.writeFileSync(target, 'precious\n');
    fs.symlinkSync(target, file);
    expect(() => replaceFile(file, 'new\n')).toThrow(/kept\.json: it is a symbolic link; remove it/);
    expect(fs.readFileSync(target, 'utf8')).toBe('precious\n');
    expect(fs.readdirSync(directory).sort()).toEqual(['kept.json', 'target']);
  });

  test('a link that leads nowhere is one too', () => {
    fs.symlinkSync(path.join(directory, 'nowhere'), file);
    expect(() => replaceFile(file, 'new\n')).toThrow(UnwritableFile);
    expect(fs.existsSync(path.join(directory, 'nowhere'))).toBe(false);
  });

  test('a directory is no file', () => {
    fs.mkdirSync(file);
    expect(() => replaceFile(file, 'new\n')).toThrow(/not a regular file/);
    expect(fs.readdirSync(directory)).toEqual(['kept.json']);
  });

  test('without its directory it is a failure with the errno name and what to do', () => {
    const missing = path.join(directory, 'no', 'such');
    expect(() => replaceFile(missing, 'new\n')).toThrow(
      expect.objectContaining({
        code: 'ENOENT',
        message: `cannot write ${missing}: ENOENT; make its directory`,
      }),
    );
  });
});
