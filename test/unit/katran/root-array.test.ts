import { expect, it } from 'vitest';
import { RootArray } from '../../../src/katran/root-array.ts';
import { parseProgramSlots } from '../../../src/tools/bpftool.ts';
import { BpftoolArray } from '../../support/bpftool-array.ts';
import { NO_TOOLS } from '../../support/tools.ts';

const open = (map: BpftoolArray, active = 1): RootArray => new RootArray(map.tools, map.path, active);

it('programs by slot are read from the bytes, which bpftool prints with and without BTF of the array', () => {
  // As bpftool 7.1 printed them.
  const entry = '"key":["0x01","0x00","0x00","0x00"],"value":["0x8e","0x0c","0x00","0x00"]';
  expect(parseProgramSlots('[]')).toEqual(new Map());
  expect(parseProgramSlots(`[{${entry}}]`)).toEqual(new Map([[1, 3214]]));
  expect(parseProgramSlots(`[{${entry},"formatted":{"key":1,"value":7}}]`)).toEqual(new Map([[1, 3214]]));
  for (const text of ['[{"key":["0x01"],"value":[]}]', '[{"key":1,"value":2}]'])
    expect(() => parseProgramSlots(text)).toThrow('bpftool printed no program array');
});

it('a program is put into a slot, and what reads back differently is a failure', async () => {
  const map = new BpftoolArray({ 2: 3214 });
  await open(map).put(1, 3214);
  expect(map.slots).toEqual(
    new Map([
      [2, 3214],
      [1, 3214],
    ]),
  );
  map.ignores = () => true;
  await expect(open(map).put(1, 9)).rejects.toThrow(
    'slot 1 of /sys/fs/bpf/jmp_lb0 was given program 9 and reads back 3214; somebody else writes to it',
  );
});

it('a slot is emptied; one that is empty, or that katran empties meanwhile, is no failure', async () => {
  const map = new BpftoolArray({ 1: 5, 2: 6 });
  await open(map).clear(2);
  await open(map).clear(2);
  expect(map.changes).toEqual(['delete 2']);
  const raced: RootArray = new RootArray(
    {
      ask: (command, args) => {
        if (args.includes('delete')) map.slots.delete(1);
        return map.tools.ask(command, args);
      },
    },
    map.path,
    1,
  );
  await raced.clear(1);
  expect(map.slots.size).toBe(0);
  const stubborn = new BpftoolArray({ 1: 5 });
  stubborn.ignores = () => true;
  await expect(open(stubborn).clear(1)).rejects.toThrow('was emptied and reads back program 5');
});

it('both slots must be in the array, which must be a program array', async () => {
  await open(new BpftoolArray()).check();
  await open(new BpftoolArray(), 0).check();
  await expect(open(new BpftoolArray(), 2).check()).rejects.toThrow(
    '-handover needs two slots, 2 (-map_pos) and 3 for the katran that is to follow, and /sys/fs/bpf/jmp_lb0 has slots 0 to 2; give -map_pos 0 to 1',
  );
  await expect(open(new BpftoolArray(), -1).check()).rejects.toThrow(/give -map_pos 0 to 1/);
  await expect(open(new BpftoolArray({}, 'prog_array', 1), 0).check()).rejects.toThrow(
    /pin an array with two slots/,
  );
  await expect(open(new BpftoolArray({}, 'hash')).check()).rejects.toThrow(
    /is a hash; -map_path has to name/,
  );
});

it('without bpftool, or without the array, it is said what to do', async () => {
  const map = new BpftoolArray();
  await expect(new RootArray(NO_TOOLS, map.path, 1).check()).rejects.toThrow(
    'there is no bpftool on this host, and -handover changes the root array with it; install it',
  );
  await expect(new RootArray(map.tools, '/sys/fs/bpf/other', 1).check()).rejects.toThrow(
    /cannot look at the root array \/sys\/fs\/bpf\/other \(-map_path\): bpftool ended with status 255; pin it first/,
  );
});

it('the command that empties a slot is the one bpftool takes', () => {
  expect(open(new BpftoolArray(), 258).clearCommand(258)).toBe(
    'bpftool map delete pinned /sys/fs/bpf/jmp_lb0 key 2 1 0 0',
  );
});
