import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { katranEndpoint } from '../../../src/katran/endpoint.ts';
import { lockInterface, lockLaunch, lockPort, type LaunchLock } from '../../../src/launch/lock.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { freePort } from '../../support/launcher.ts';

const BUN = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@oven/bun-linux-x64-baseline/package.json')),
  'bin/bun',
);
const HOLD = `import net from 'node:net';
net.createServer().listen('\\0' + process.argv[1], () => console.log('held'));`;

/** The name of a lock held in a process of this runtime. */
async function heldBy(runtime: string, evaluate: string[], name: string): Promise<() => Promise<unknown>> {
  const holder = spawn(runtime, [...evaluate, HOLD, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return () => {
    holder.kill('SIGKILL');
    return once(holder, 'close');
  };
}

const lock = (server: string): Promise<LaunchLock> => lockPort(katranEndpoint({ server }));
const at = (port: number): Promise<LaunchLock> => lock(`127.0.0.1:${port}`);

describe('the lock on katran’s port', () => {
  it('is had by one at a time, and had again after its release', async () => {
    const port = await freePort();
    const first = await at(port);
    await expect(at(port)).rejects.toThrow(Failure);
    await expect(at(port)).rejects.toThrow(
      `another start-katran is launching or supervising katran on port ${port}`,
    );
    first.release();
    const second = await at(port);
    second.release();
  });

  it('of one port is none on another, though one number begins with the other', async () => {
    const locks = [await at(5005), await at(50051)];
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
      const kill = await heldBy(runtime, evaluate, `start-katran:${port}:127.0.0.1`);
      try {
        await expect(at(port)).rejects.toThrow(/another start-katran/);
      } finally {
        await kill();
      }
      const again = await at(port);
      again.release();
    },
  );

  it.each([
    ['127.0.0.1', '127.0.0.2', true],
    ['127.0.0.1', '[::1]', true],
    ['127.0.0.1', '[::ffff:127.0.0.1]', false],
    ['127.0.0.1', '0.0.0.0', false],
    ['[::]', '127.0.0.1', false],
    ['[::1]', '[0:0:0:0:0:0:0:1]', false],
    ['localhost', '127.0.0.1', false],
    ['localhost', 'localhost', false],
  ])('of %s and of %s on one port: both are had: %s', async (one, other, both) => {
    const port = await freePort();
    const first = await lock(`${one}:${port}`);
    const second = lock(`${other}:${port}`);
    try {
      if (both) (await second).release();
      else await expect(second).rejects.toThrow(/another start-katran/);
    } finally {
      first.release();
    }
  });
});

describe('the lock on an interface', () => {
  const root = openRoot('/');

  it('is had by one at a time, and had again after its release', async () => {
    const first = await lockInterface(root, 'lock-test0');
    await expect(lockInterface(root, 'lock-test0')).rejects.toThrow(
      /^another start-katran is launching or supervising katran on interface lock-test0/,
    );
    const neighbour = await lockInterface(root, 'lock-test');
    neighbour.release();
    first.release();
    (await lockInterface(root, 'lock-test0')).release();
  });

  it('is respected when the other runtime has it', async () => {
    const kill = await heldBy(BUN, ['-e'], 'start-katran-if:lock-test1');
    try {
      await expect(lockInterface(root, 'lock-test1')).rejects.toThrow(/another start-katran/);
    } finally {
      await kill();
    }
  });

  it('is another one below another -sysroot', async () => {
    const locks = [
      await lockInterface(root, 'lock-test2'),
      await lockInterface(openRoot('/tmp'), 'lock-test2'),
    ];
    expect(locks).toHaveLength(2);
    for (const held of locks) held.release();
  });

  it('that is taken leaves the port free', async () => {
    const endpoint = katranEndpoint({ server: `127.0.0.1:${await freePort()}` });
    const first = await lockInterface(root, 'lock-test3');
    await expect(lockLaunch(endpoint, root, 'lock-test3')).rejects.toThrow(/on interface lock-test3/);
    (await lockPort(endpoint)).release();
    first.release();
    const both = await lockLaunch(endpoint, root, 'lock-test3');
    await expect(lockPort(endpoint)).rejects.toThrow(/on port/);
    both.release();
  });
});
