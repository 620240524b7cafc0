import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, runLauncher, scratch, type RunOptions } from '../support/launcher.ts';
import { makeMachine } from '../support/machines.ts';

describe.each(ARTIFACTS)('severity in the log, with $name', (artifact) => {
  let directory: ReturnType<typeof scratch>;
  beforeEach(() => {
    directory = scratch();
    makeMachine(directory.path, { cpus: 4, queues: 4 });
  });
  afterEach(() => directory.remove());

  const affinitize = (args: readonly string[], options: RunOptions = {}) =>
    runLauncher(
      artifact,
      ['-sysroot', directory.path, '-intf', 'eth0', '-affinitize_only', '-cpus', '0-1', ...args],
      options,
    );

  it('text has words, and warnings come after the writes and their count', async () => {
    const { stderr } = await affinitize([]);
    const lines = stderr.trimEnd().split('\n');
    const words = lines.map((line) => line.replace(/^[\d/]{10} [\d:]{8} /, ''));
    const summary = words.indexOf('4 IRQs pinned to 2 CPUs');
    expect(summary).toBe(4);
    expect(words.slice(0, summary).every((line) => line.startsWith('affinitizing irq '))).toBe(true);
    expect(words.slice(summary + 1).length).toBeGreaterThan(0);
    expect(words.slice(summary + 1).every((line) => line.startsWith('warning: '))).toBe(true);
    const failed = await affinitize(['-cpus', '9']);
    expect(failed.stderr).toMatch(/^[\d/]{10} [\d:]{8} error: -cpus 9: CPU 9 is not online/);
  });

  it('JSON has the code of a warning', async () => {
    const { stderr } = await affinitize(['-log_format', 'json']);
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', code: 'shared-cpu' }));
  });

  it('the journal gets its own severity instead of a time; another stream does not', async () => {
    const file = path.join(directory.path, 'stderr');
    const into = async (name: 'journal' | 'other'): Promise<string[]> => {
      const descriptor = fs.openSync(file, 'w');
      const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
      const stream = `${dev}:${name === 'journal' ? ino : ino + 1n}`;
      await affinitize([], { env: { JOURNAL_STREAM: stream }, stderr: descriptor });
      fs.closeSync(descriptor);
      return fs.readFileSync(file, 'utf8').trimEnd().split('\n');
    };
    const journal = await into('journal');
    expect(journal[0]).toMatch(/^<6>affinitizing irq/);
    expect(journal.at(-1)).toMatch(/^<4>warning: /);
    expect((await into('other'))[0]).toMatch(/^[\d/]{10} [\d:]{8} affinitizing irq/);
  });
});
