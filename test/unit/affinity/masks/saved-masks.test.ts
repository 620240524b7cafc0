import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  formatSavedMasks,
  parseSavedMasks,
  readSavedMasks,
  removeSavedMasks,
  saveMasks,
  savedMasksPath,
  SavedMasksUnreadable,
} from '../../../../src/affinity/masks/saved-masks.ts';
import { Failure } from '../../../../src/failure.ts';
import { LiveMachine } from '../../../support/live-machine.ts';
import { recordingLog } from '../../../support/recording-log.ts';

let machine: LiveMachine;
let log: ReturnType<typeof recordingLog>;
let directory: string;
let file: string;
const found = [{ irq: 30, name: 'eth0-TxRx-0', mask: 'ff' }];

beforeEach(() => {
  machine = new LiveMachine();
  log = recordingLog();
  directory = path.join(machine.path, 'run/start-katran');
  file = path.join(directory, 'eth0.json');
});
afterEach(() => machine.remove());

describe('the file', () => {
  test('lies in /run/start-katran below the root', () => {
    expect(savedMasksPath(machine.root, 'eth0')).toBe(file);
  });

  test.each(['../passwd', 'a/b', '..', '', 'a b', 'sixteen-bytes-xx'])(
    'is never made from the name %j',
    (name) => {
      expect(() => savedMasksPath(machine.root, name)).toThrow(Failure);
    },
  );

  test('has mode 0600 in a directory 0755, even with umask 0', () => {
    const before = process.umask(0);
    try {
      saveMasks(machine.root, 'eth0', found, log);
    } finally {
      process.umask(before);
    }
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(directory).mode & 0o777).toBe(0o755);
  });

  test('is replaced by renaming: whoever has the old one open keeps a whole old one', () => {
    saveMasks(machine.root, 'eth0', found, log);
    const old = fs.openSync(file, 'r');
    saveMasks(machine.root, 'eth0', [{ irq: 31, name: 'eth0-TxRx-1', mask: 'f' }], log);
    expect(parseSavedMasks(fs.readFileSync(old, 'utf8'), file)).toEqual(found);
    fs.closeSync(old);
    expect(fs.readdirSync(directory)).toEqual(['eth0.json']);
  });

  test('is never written through a symbolic link', () => {
    fs.mkdirSync(directory, { recursive: true });
    const victim = path.join(machine.path, 'victim');
    fs.writeFileSync(victim, 'precious');
    fs.symlinkSync(victim, file);
    expect(() => saveMasks(machine.root, 'eth0', found, log)).toThrow(
      /ELOOP; it is a symbolic link: remove it/,
    );
    expect(fs.readFileSync(victim, 'utf8')).toBe('precious');
  });

  test('is refused at once when it is a pipe that nobody writes to', () => {
    fs.mkdirSync(directory, { recursive: true });
    execFileSync('mkfifo', [file]);
    expect(() => readSavedMasks(machine.root, 'eth0')).toThrow('it is no regular file; remove it');
  });

  test('is not put into a directory that is a symbolic link', () => {
    const elsewhere = path.join(machine.path, 'elsewhere');
    fs.mkdirSync(elsewhere);
    fs.mkdirSync(path.dirname(directory));
    fs.symlinkSync(elsewhere, directory);
    expect(() => saveMasks(machine.root, 'eth0', found, log)).toThrow(/it is not a directory; remove it/);
    expect(fs.readdirSync(elsewhere)).toEqual([]);
  });

  test('leaves no temporary file when it cannot be put in place', () => {
    fs.mkdirSync(path.join(file, 'in-the-way'), { recursive: true });
    expect(() => saveMasks(machine.root, 'eth0', found, log)).toThrow(Failure);
    expect(fs.readdirSync(directory)).toEqual(['eth0.json']);
  });
});

describe('masks of several runs', () => {
  test('the first seen of a vector stays, new vectors are added', () => {
    saveMasks(machine.root, 'eth0', found, log);
    const later = [
      { irq: 30, name: 'eth0-TxRx-0', mask: '1' },
      { irq: 31, name: 'eth0-TxRx-1', mask: 'f0' },
    ];
    saveMasks(machine.root, 'eth0', later, log);
    expect(readSavedMasks(machine.root, 'eth0')).toEqual([found[0], later[1]]);
  });

  test('a number that has gone to another vector is another vector', () => {
    saveMasks(machine.root, 'eth0', found, log);
    saveMasks(machine.root, 'eth0', [{ irq: 30, name: 'eth0-rx-0', mask: '3' }], log);
    expect(readSavedMasks(machine.root, 'eth0')).toHaveLength(2);
  });

  test('undo makes the file what it was: absent, or the earlier one', () => {
    const first = saveMasks(machine.root, 'eth0', found, log);
    const second = saveMasks(machine.root, 'eth0', [{ irq: 31, name: 'eth0-TxRx-1', mask: 'f' }], log);
    second.undo();
    expect(readSavedMasks(machine.root, 'eth0')).toEqual(found);
    first.undo();
    expect(readSavedMasks(machine.root, 'eth0')).toBeUndefined();
  });

  test('a file that cannot be understood is replaced, with a warning that names it', () => {
    machine.file('run/start-katran/eth0.json', '{"version":1,');
    saveMasks(machine.root, 'eth0', found, log);
    expect(log.of('warn')).toEqual([expect.stringContaining(`${file} does not hold saved IRQ masks`)]);
    expect(readSavedMasks(machine.root, 'eth0')).toEqual(found);
  });

  test('removing what is not there is no error', () => {
    removeSavedMasks(machine.root, 'eth0');
    expect(readSavedMasks(machine.root, 'eth0')).toBeUndefined();
  });
});

describe('reading', () => {
  test.each([
    ['nothing', ''],
    ['half a document', '{"version":1,"masks":[{"irq"'],
    ['another document', '[]'],
    ['another version', '{"version":2,"masks":[]}'],
    ['no masks', '{"version":1}'],
    ['a negative IRQ', '{"version":1,"masks":[{"irq":-1,"name":"x","mask":"1"}]}'],
    ['an IRQ that is a path', '{"version":1,"masks":[{"irq":"../x","name":"x","mask":"1"}]}'],
    ['a mask that is none', '{"version":1,"masks":[{"irq":1,"name":"x","mask":"1\\n2"}]}'],
    ['an empty mask', '{"version":1,"masks":[{"irq":1,"name":"x","mask":""}]}'],
    ['NUL bytes', '\0\0\0'],
  ])('%s is an error that names the file', (_what, text) => {
    expect(() => parseSavedMasks(text, file)).toThrow(SavedMasksUnreadable);
    expect(() => parseSavedMasks(text, file)).toThrow(file);
  });

  test('any text is masks or a typed error, on one line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          expect(parseSavedMasks(text, '/f')).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toBeInstanceOf(SavedMasksUnreadable);
          expect(String(error)).not.toContain('\n');
        }
      }),
    );
  });

  test('what was formatted is read again', () => {
    const mask = fc.record({
      irq: fc.nat(),
      name: fc.string(),
      mask: fc
        .array(fc.nat(0xffffffff), { minLength: 1, maxLength: 32 })
        .map((words) => words.map((w) => w.toString(16)).join(',')),
    });
    fc.assert(
      fc.property(fc.array(mask), (masks) => {
        expect(parseSavedMasks(formatSavedMasks('eth0', masks), file)).toEqual(masks);
      }),
    );
  });
});
