import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { lockPort } from '../../../src/launch/lock.ts';
import { freePort } from '../../support/launcher.ts';

const BUN = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@oven/bun-linux-x64-baseline/package.json')),
  'bin/bun',
);
const HOLD = `import net from 'node:net';
net.createServer().listen('\\0start-katran:' + process.argv[1], () => console.log('held'));`;

/** Holds the lock in a process of this runtime. */
async function heldBy(runtime: string, evaluate: string[], port: number): Promise<() => Promise<unknown>> {
  const holder = spawn(runtime, [...evaluate, HOLD, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return () => {
    holder.kill('SIGKILL');
    return once(holder, 'close');
  };
}

describe('the lock on katran’s port', () => {
  it('is had by one at a time, and had again after its release', async () => {
    const port = await freePort();
    const first = await lockPort(port);
    await expect(lockPort(port)).rejects.toThrow(Failure);
    await expect(lockPort(port)).rejects.toThrow(
      `another start-katran is launching or supervising katran on port ${port}`,
    );
    first.release();
    const second = await lockPort(port);
    second.release();
  });

  it('of one port is none on another, though one number begins with the other', async () => {
    const locks = [await lockPort(5005), await lockPort(50051)];
    expect(locks).toHaveLength(2);
    for (const lock of locks) lock.release();
  });

  it.each([
    ['Bun', BUN, ['-e']],
    ['Node', process.execPath, ['--input-type=module', '-e']],
  ])(
    'is respected when a process of %s has it, and gone with that process',
    async (_name, runtime, evaluate) => {
      const port = await freePort();
      const kill = await heldBy(runtime, evaluate, port);
      try {
        await expect(lockPort(port)).rejects.toThrow(/another start-katran/);
      } finally {
        await kill();
      }
      const lock = await lockPort(port);
      lock.release();
    },
  );
});
