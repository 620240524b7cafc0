import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DescriptorOutput } from '../../../src/terminal/output.ts';
import { makeDirectory } from '../../support/machines.ts';

const NO_TERMINAL = { attached: false, columns: undefined, rows: undefined };

describe('output into a pipe', () => {
  let directory: string;
  let reader: number;
  let writer: number;
  let output: DescriptorOutput;
  beforeEach(() => {
    directory = makeDirectory('pipe');
    const pipe = path.join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    reader = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    writer = fs.openSync(pipe, 'w');
    output = new DescriptorOutput(writer, NO_TERMINAL);
  });
  afterEach(() => {
    for (const descriptor of [reader, writer]) {
      try {
        fs.closeSync(descriptor);
      } catch {
        // closed by the test
      }
    }
    fs.rmSync(directory, { recursive: true });
  });

  /** Reads what is there now. */
  const take = (): string => {
    const buffer = Buffer.alloc(1 << 20);
    try {
      return buffer.toString('latin1', 0, fs.readSync(reader, buffer));
    } catch {
      return '';
    }
  };

  it('never waits for a reader, loses nothing within its limit, and gives the rest at the end', async () => {
    const text = `${'x'.repeat(1023)}\n`.repeat(500);
    output.write(text);
    let got = take();
    expect(got.length).toBeLessThan(text.length);
    const finished = output.finish(60_000);
    const poll = setInterval(() => (got += take()), 1);
    expect(await finished).toBeUndefined();
    clearInterval(poll);
    expect((got + take()).length).toBe(text.length);
  });

  it('ends in time when nobody reads any more', async () => {
    output.write('x'.repeat(200_000));
    expect(await output.finish(20)).toBeUndefined();
  });

  it('takes one text of any length, and says how many lines it dropped beyond its limit', async () => {
    output.write('y'.repeat(3_000_000));
    output.write('dropped\n');
    let got = '';
    const finished = output.finish(60_000);
    const poll = setInterval(() => (got += take()), 1);
    await finished;
    clearInterval(poll);
    got += take();
    expect(got.startsWith('y'.repeat(3_000_000))).toBe(true);
    expect(got.slice(3_000_000)).toBe('(1 lines were dropped here: nobody read them)\n');
  });

  it('does not mind a reader that has gone', async () => {
    fs.closeSync(reader);
    output.write('a');
    output.write('b');
    expect(await output.finish(1000)).toBeUndefined();
  });
});

it('output onto a full disk is reported at the end, and tried again with the next line', async () => {
  const full = fs.openSync('/dev/full', 'w');
  const output = new DescriptorOutput(full, NO_TERMINAL);
  output.write('a');
  output.write('b');
  expect(await output.finish(1000)).toBe('ENOSPC');
  fs.closeSync(full);
});
