import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARTIFACTS, Running, scratch } from '../support/launcher.ts';
import { makeMachine } from '../support/machines.ts';

/** With masks of 4,096 possible CPUs more output than a pipe holds (64 KiB), and than the log may queue (1 MiB). */
const VECTORS = 1000;

const machine = scratch();
beforeAll(() => makeMachine(machine.path, { cpus: 64, possibleCpus: 4096, queues: VECTORS, nodes: 2 }));
afterAll(() => machine.remove());

describe.each(ARTIFACTS)('a reader that takes its time, with $name', (artifact) => {
  const preview = (...more: string[]): Running =>
    new Running(artifact, [
      '-sysroot',
      machine.path,
      '-intf',
      'eth0',
      '-default_mac',
      '52:54:00:12:35:02',
      ...more,
    ]);

  it('gets the whole plan', async () => {
    const launcher = preview('-json');
    const { stdout } = launcher.child;
    if (stdout === null) throw new Error('no pipe');
    // Nothing is read until the pipe is full and the launcher has nothing left to do but wait.
    stdout.pause();
    await once(stdout, 'readable');
    stdout.resume();
    const { stdout: text, status } = await launcher.ended;
    expect(status).toBe(0);
    expect(text.length).toBeGreaterThan(1024 * 1024);
    const plan: unknown = JSON.parse(text);
    expect(plan).toHaveProperty('vectors.length', VECTORS);
  });

  it('and one that goes away ends the launcher without a complaint', async () => {
    const launcher = preview('-json');
    const { stdout } = launcher.child;
    if (stdout === null) throw new Error('no pipe');
    await once(stdout, 'data');
    stdout.destroy();
    const { status, stderr } = await launcher.ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
