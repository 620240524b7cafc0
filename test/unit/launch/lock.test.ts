import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { katranEndpoint } from '../../../src/katran/endpoint.ts';
import {
  launcherOn,
  lockInterface,
  lockLaunch,
  lockPort,
  type LaunchLock,
} from '../../../src/launch/lock.ts';
import { networkNamespaceOf } from '../../../src/linux/network-namespace.ts';
import { parseStartTicks } from '../../../src/linux/process-start.ts';
import { openRoot, type Root } from '../../../src/linux/root.ts';
import { makeDirectory } from '../../support/machines.ts';

const PORT = 50051;
let directory: string;
let root: Root;
beforeEach(() => {
  directory = makeDirectory('lock');
  root = openRoot(directory);
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const locks = (): string => path.join(directory, 'run/start-katran/locks');
const held = (): string[] => (fs.existsSync(locks()) ? fs.readdirSync(locks()) : []);
const lock = (server: string): LaunchLock => lockPort(root, katranEndpoint({ server }));

/** Another process, and what it would hold. */
async function anotherProcess(): Promise<{
  pid: number;
  locks(subject: string, namespace?: string): void;
  dies(): Promise<void>;
}> {
  const holder = spawn('sleep', ['1000']);
  await once(holder, 'spawn');
  const pid = holder.pid ?? 0;
  const ticks = parseStartTicks(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'), 'stat');
  return {
    pid,
    locks: (subject, namespace = networkNamespaceOf(openRoot('/'), 'self') ?? '0') => {
      fs.mkdirSync(locks(), { recursive: true });
      fs.writeFileSync(path.join(locks(), `${namespace}_${pid}_${ticks}_${subject}`), '');
    },
    dies: async () => {
      holder.kill('SIGKILL');
      await once(holder, 'close');
    },
  };
}

describe('the lock on katran’s port', () => {
  it('is had by one at a time, and had again after its release', () => {
    const first = lock('127.0.0.1:50051');
    expect(() => lock('127.0.0.1:50051')).toThrow(Failure);
    expect(() => lock('127.0.0.1:50051')).toThrow(
      /^another start-katran \(pid \d+\) is launching or supervising katran on port 50051;/,
    );
    first.release();
    lock('127.0.0.1:50051').release();
    expect(held()).toEqual([]);
  });

  it('of one port is none on another, though one number begins with the other', () => {
    const both = [lock('127.0.0.1:5005'), lock('127.0.0.1:50051')];
    expect(both).toHaveLength(2);
    for (const each of both) each.release();
  });

  it.each([
    ['127.0.0.1', '127.0.0.2', true],
    ['127.0.0.1', '[::1]', true],
    ['127.0.0.1', '[::ffff:127.0.0.1]', false],
    ['127.0.0.1', '0.0.0.0', false],
    ['[::]', '127.0.0.1', false],
    ['[::1]', '[0:0:0:0:0:0:0:1]', false],
    ['localhost', '127.0.0.1', false],
    ['localhost', 'localhost', false],
  ])('of %s and of %s on one port: both are had: %s', (one, other, both) => {
    const first = lock(`${one}:${PORT}`);
    const second = (): LaunchLock => lock(`${other}:${PORT}`);
    if (both) second().release();
    else expect(second).toThrow(/another start-katran/);
    first.release();
  });
});

describe('the lock on an interface', () => {
  it('is had by one at a time, and had again after its release', () => {
    const first = lockInterface(root, 'lb0');
    expect(() => lockInterface(root, 'lb0')).toThrow(
      /^another start-katran \(pid \d+\) is launching or supervising katran on interface lb0,/,
    );
    const neighbour = lockInterface(root, 'lb');
    neighbour.release();
    first.release();
    lockInterface(root, 'lb0').release();
    expect(held()).toEqual([]);
  });

  it('of another process names that one, and is no obstacle when it has died', async () => {
    const other = await anotherProcess();
    other.locks('interface:lb0');
    expect(() => lockInterface(root, 'lb0')).toThrow(`(pid ${other.pid})`);
    expect(launcherOn(root, 'lb0')).toBe(other.pid);
    await other.dies();
    expect(launcherOn(root, 'lb0')).toBeUndefined();
    lockInterface(root, 'lb0').release();
    expect(held()).toEqual([]);
  });

  it('of a process that has got the id of one that died is none', async () => {
    const other = await anotherProcess();
    fs.mkdirSync(locks(), { recursive: true });
    const namespace = networkNamespaceOf(openRoot('/'), 'self') ?? '0';
    fs.writeFileSync(path.join(locks(), `${namespace}_${other.pid}_1_interface:lb0`), '');
    lockInterface(root, 'lb0').release();
    await other.dies();
  });

  it('of another network namespace is another one', async () => {
    const other = await anotherProcess();
    other.locks('interface:lb0', '1');
    lockInterface(root, 'lb0').release();
    expect(launcherOn(root, 'lb0')).toBeUndefined();
    await other.dies();
  });

  it('is root’s alone to see', () => {
    const first = lockInterface(root, 'lb0');
    expect(fs.statSync(locks()).mode & 0o777).toBe(0o700);
    first.release();
  });

  it('that is taken leaves the port free', () => {
    const endpoint = katranEndpoint({ server: '127.0.0.1:50051' });
    const first = lockInterface(root, 'lb0');
    expect(() => lockLaunch(endpoint, root, 'lb0')).toThrow(/on interface lb0/);
    lockPort(root, endpoint).release();
    first.release();
    const both = lockLaunch(endpoint, root, 'lb0');
    expect(() => lockPort(root, endpoint)).toThrow(/on port/);
    both.release();
    expect(held()).toEqual([]);
  });

  it('that cannot be made says where', () => {
    fs.writeFileSync(path.join(directory, 'run'), 'a file');
    expect(() => lockInterface(root, 'lb0')).toThrow(/cannot lock against a second launcher: .* at .*run/);
  });
});
