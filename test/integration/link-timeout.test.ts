import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ARTIFACTS, runLauncher, scratch } from '../support/launcher.ts';
import { makeMachine } from '../support/machines.ts';

/** With -affinitize_only: what is written to an interface that is down can be lost when it comes up, and a unit tries again after a failure. */
describe.each(ARTIFACTS)('-affinitize_only of an interface that is down, with $name', (artifact) => {
  let directory: ReturnType<typeof scratch>;
  const mask = (): string => fs.readFileSync(path.join(directory.path, 'proc/irq/32/smp_affinity'), 'utf8');
  const affinitize = (...args: string[]) =>
    runLauncher(artifact, ['-sysroot', directory.path, '-intf', 'eth0', '-affinitize_only', ...args]);
  beforeEach(() => {
    directory = scratch();
    makeMachine(directory.path, { cpus: 4, queues: 4 });
    fs.writeFileSync(path.join(directory.path, 'sys/class/net/eth0/flags'), '0x1002\n');
  });
  afterEach(() => directory.remove());

  it('fails when -link_timeout was not enough, and writes nothing', async () => {
    const before = mask();
    const { status, stderr } = await affinitize('-link_timeout', '100');
    expect(status, stderr).toBe(1);
    expect(stderr).toMatch(/error: eth0 is still down after the 100 ms of -link_timeout: /);
    expect(mask()).toBe(before);
  });

  it('writes with a warning without -link_timeout', async () => {
    const before = mask();
    const { status, stderr } = await affinitize();
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/warning: .*eth0 is down/);
    expect(mask()).not.toBe(before);
  });
});
