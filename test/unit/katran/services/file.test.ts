import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readServicesFile, withFlagsOf, writeServicesFile } from '../../../../src/katran/services/file.ts';
import { NO_SERVICES, type Services } from '../../../../src/katran/services/types.ts';
import { makeDirectory } from '../../../support/machines.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = makeDirectory('services');
  file = path.join(directory, 'vips.json');
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

const services = (flags: number): Services => ({
  ...NO_SERVICES,
  vips: [
    {
      address: '10.200.1.1',
      port: 80,
      protocol: 6,
      flags: 0,
      reals: [{ address: '10.0.0.1', weight: 1, flags }],
    },
  ],
});

describe('the file of services', () => {
  test('is written with mode 0600 and read again, and nothing stays beside it', () => {
    writeServicesFile(file, services(2));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(readServicesFile(file)).toEqual(services(2));
    expect(fs.readdirSync(directory)).toEqual(['vips.json']);
  });

  test('that is not there is undefined, not a failure', () => {
    expect(readServicesFile(file)).toBeUndefined();
  });

  test('is refused when it is a symbolic link, for reading and for writing', () => {
    const other = path.join(directory, 'other');
    fs.writeFileSync(other, 'theirs', { mode: 0o600 });
    fs.symlinkSync(other, file);
    expect(() => readServicesFile(file)).toThrow('it is a symbolic link');
    expect(() => writeServicesFile(file, services(0))).toThrow('it is a symbolic link');
    expect(fs.readFileSync(other, 'utf8')).toBe('theirs');
  });

  test('is refused when others may write it', () => {
    writeServicesFile(file, services(0));
    fs.chmodSync(file, 0o666);
    expect(() => readServicesFile(file)).toThrow('others may write it');
  });

  test.runIf(process.geteuid?.() === 0)('is refused when it belongs to somebody else', () => {
    writeServicesFile(file, services(0));
    fs.chownSync(file, 12345, 0);
    expect(() => readServicesFile(file)).toThrow('it belongs to user 12345');
  });

  test('is refused when it is a directory or cut short', () => {
    fs.mkdirSync(file);
    expect(() => readServicesFile(file)).toThrow('it is no regular file');
    fs.rmdirSync(file);
    fs.writeFileSync(file, '{"version":1,"vips":[{"addr', { mode: 0o600 });
    expect(() => readServicesFile(file)).toThrow('no JSON');
  });

  test('that cannot be written says why, and the old one stays', () => {
    const missing = path.join(directory, 'gone', 'vips.json');
    expect(() => writeServicesFile(missing, services(0))).toThrow(
      `cannot write ${missing}: ENOENT; make its directory`,
    );
  });
});

describe('flags of reals', () => {
  test('stay those of the earlier file where katran does not tell them', () => {
    expect(withFlagsOf(services(0), services(2))).toEqual(services(2));
  });

  test('are those of a katran that tells them', () => {
    const told: Services = {
      ...NO_SERVICES,
      vips: [
        ...services(0).vips,
        {
          ...services(2).vips[0],
          address: '10.200.1.2',
          port: 80,
          protocol: 6,
          flags: 0,
          reals: [{ address: '10.0.0.2', weight: 1, flags: 2 }],
        },
      ],
    };
    expect(withFlagsOf(told, services(2))).toEqual(told);
  });
});
