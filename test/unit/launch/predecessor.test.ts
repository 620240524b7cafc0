// Whose program is in the slots when a launcher starts, and how that katran is ended.
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { RootArray } from '../../../src/katran/root-array.ts';
import {
  findPredecessor,
  holderOf,
  ownPredecessor,
  type Found,
  type Predecessor,
} from '../../../src/launch/predecessor.ts';
import { BpftoolArray } from '../../support/bpftool-array.ts';
import { madeRoot } from '../linux/made-root.ts';
import { ProcessStandIn } from './stand-ins.ts';

const FALLBACK = '127.0.0.1:50051';
const PROGRAM = `/proc/812/fdinfo/9`;
const held = (program: number): string => `pos:\t0\nprog_type:\t6\nprog_id:\t${program}\n`;
const argv = (...words: string[]): string => words.map((word) => `${word}\0`).join('');

/** A machine on which katran 812 holds program 133. */
const machine = (...flags: string[]) =>
  madeRoot({
    files: {
      [PROGRAM]: held(133),
      '/proc/812/cmdline': argv('/opt/katran_server_grpc', ...flags),
      '/proc/900/fdinfo/3': held(7),
    },
  });

async function find(
  slots: Readonly<Record<number, number>>,
  root = machine(),
): Promise<{ found: Found | undefined; map: BpftoolArray; ended: number[] }> {
  const map = new BpftoolArray(slots);
  const ended: number[] = [];
  const endProcess = (pid: number): void => {
    ended.push(pid);
    fs.rmSync(`${root.path}/proc/${pid}`, { recursive: true });
  };
  const found = await findPredecessor(new RootArray(map.tools, map.path, 1), {
    root,
    address: FALLBACK,
    endProcess,
  });
  return { found, map, ended };
}

function living(found: Found | undefined): Predecessor {
  if (found?.katran === undefined) throw new Error('no katran was found');
  return found.katran;
}

it('in empty slots nobody is found, and nothing is written', async () => {
  const { found, map } = await find({ 0: 5 });
  expect(found).toBeUndefined();
  expect(map.changes).toEqual([]);
});

it('the katran of the active slot is the process that holds its program, not that of a name', async () => {
  const { found, map } = await find({ 1: 133, 2: 7 });
  expect(found).toMatchObject({ program: 133, katran: { pid: 812 } });
  expect(map.changes).toEqual([]);
});

it.each([
  [[], FALLBACK],
  [['-server=127.0.0.1:1234'], '127.0.0.1:1234'],
  [['-server', '127.0.0.1:1', '--server=127.0.0.1:2'], '127.0.0.1:2'],
])('started with %j, it answers at %s', async (flags, address) => {
  const { found } = await find({ 1: 133 }, machine(...flags));
  expect(living(found).address).toBe(address);
});

it('a program that nobody holds any more is of a katran that has ended', async () => {
  expect((await find({ 1: 99 })).found).toEqual({ program: 99, katran: undefined });
});

it('a program in the staging slot alone has the packets: it is put into the active one before another katran is started there', async () => {
  const { found, map } = await find({ 2: 133 });
  expect(found).toMatchObject({ program: 133, katran: { pid: 812 } });
  expect(map.changes).toEqual(['put 1 133']);
});

it('it is killed once, and has ended when it holds its program no more', async () => {
  const { found, ended } = await find({ 1: 133 });
  await living(found).end();
  expect(ended).toEqual([812]);
});

it('a process that has only its number is left alone', async () => {
  const root = machine();
  const { found, ended } = await find({ 1: 133 }, root);
  // It died meanwhile, and another katran has become 812.
  fs.writeFileSync(`${root.path}${PROGRAM}`, held(140));
  await living(found).end();
  expect(ended).toEqual([]);
});

it('one that goes on for a moment after SIGKILL is waited for', async () => {
  const root = machine();
  const map = new BpftoolArray({ 1: 133 });
  let isGone = false;
  const endProcess = (): void =>
    void setTimeout(() => {
      isGone = true;
      fs.rmSync(`${root.path}${PROGRAM}`);
    }, 50);
  const array = new RootArray(map.tools, map.path, 1);
  await living(await findPredecessor(array, { root, address: FALLBACK, endProcess })).end();
  expect(isGone).toBe(true);
});

it('the holder of a program is the first process that has it open', () => {
  const root = machine();
  expect(holderOf(root, 7)).toBe(900);
  expect(holderOf(root, 8)).toBeUndefined();
});

it('a katran of our own is killed, not stopped: SIGTERM would empty a slot that is its successor’s', async () => {
  const katran = new ProcessStandIn();
  const predecessor = ownPredecessor(katran, FALLBACK);
  expect(predecessor).toMatchObject({ pid: katran.pid, address: FALLBACK });
  const end = predecessor.end();
  expect(katran.signals).toEqual(['SIGKILL']);
  katran.end({ code: null, signal: 'SIGKILL' });
  await end;
});
