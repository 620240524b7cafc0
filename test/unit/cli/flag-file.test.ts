import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWhole } from '../../../src/cli/read-whole.ts';

let directory: string;
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'start-katran-read-'));
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

const at = (name: string): string => path.join(directory, name);
const fifo = (name: string): string => {
  execFileSync('mkfifo', [at(name)]);
  return at(name);
};

describe('a file that is read whole', () => {
  it('is a regular file', () => {
    fs.writeFileSync(at('flags'), 'intf=eth0\n');
    expect(readWhole(at('flags'))).toEqual({ text: 'intf=eth0\n' });
  });

  it('is at most 1 MiB', () => {
    fs.writeFileSync(at('large'), '#'.repeat(1_048_576));
    expect(readWhole(at('large')).text).toHaveLength(1_048_576);
    fs.appendFileSync(at('large'), '#');
    expect(readWhole(at('large')).problem).toBe('it is larger than 1048576 bytes');
  });

  it('may be missing', () => {
    expect(readWhole(at('none'))).toEqual({ problem: 'no such file', isAbsent: true });
  });

  it.each(['/dev/zero', '/dev/null'])('is not %s', (file) => {
    expect(readWhole(file).problem).toBe('it is neither a regular file nor a pipe');
  });

  it('is no directory', () => {
    expect(readWhole(directory).problem).toBe('it is a directory');
  });

  it('is no pipe without a writer, which nobody would wait for', () => {
    expect(readWhole(fifo('nobody')).problem).toBe('it is a pipe that nobody wrote to');
  });

  it('may be a pipe that ends, however slow its writer', async () => {
    const pipe = fifo('slow');
    // Open for reading and writing, so that the writer need not wait for the reader.
    const held = fs.openSync(pipe, 'r+');
    const text = 'exec 3>"$1"; echo open; echo intf= >&3; sleep 0.2; echo eth0 >&3';
    const writer = spawn('sh', ['-c', text, 'sh', pipe], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(writer.stdout, 'data');
    fs.closeSync(held);
    expect(readWhole(pipe).text).toBe('intf=\neth0\n');
  });
});
