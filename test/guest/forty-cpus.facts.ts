import { beforeAll, describe, expect, test } from 'vitest';
import {
  expectRefusal,
  expectUntouched,
  expectWritten,
  irq,
  katranArgument,
  observation,
  withPins,
} from './facts.ts';
import type { Pins, Seen } from './facts.ts';
import { GATEWAY } from './rig/machine.ts';
import { FORTY_CPUS } from './rig/machines.ts';
import { startGuest } from './rig/start.ts';

// CPUs 0-19 are node 0, CPUs 20-39 node 1; eth0 is on node 1, eth1 on node 0. All expectations are worked out by hand.

/** The mask of each CPU as this kernel writes it: two words, the upper one of eight bits. */
// prettier-ignore
const MASKS = [
  '00,00000001', '00,00000002', '00,00000004', '00,00000008', '00,00000010', '00,00000020', '00,00000040', '00,00000080',
  '00,00000100', '00,00000200', '00,00000400', '00,00000800', '00,00001000', '00,00002000', '00,00004000', '00,00008000',
  '00,00010000', '00,00020000', '00,00040000', '00,00080000', '00,00100000', '00,00200000', '00,00400000', '00,00800000',
  '00,01000000', '00,02000000', '00,04000000', '00,08000000', '00,10000000', '00,20000000', '00,40000000', '00,80000000',
  '01,00000000', '02,00000000', '04,00000000', '08,00000000', '10,00000000', '20,00000000', '40,00000000', '80,00000000',
];

// prettier-ignore
const NODE_0 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
// prettier-ignore
const NODE_1 = [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39];
// prettier-ignore
const BY_TURNS = [
  0, 20, 1, 21, 2, 22, 3, 23, 4, 24, 5, 25, 6, 26, 7, 27, 8, 28, 9, 29,
  10, 30, 11, 31, 12, 32, 13, 33, 14, 34, 15, 35, 16, 36, 17, 37, 18, 38, 19, 39,
];
// prettier-ignore
const WITHOUT_33 = [
  ...NODE_0, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36, 37, 38, 39, 0,
];

const guest = startGuest(FORTY_CPUS);
let seen: Seen;
beforeAll(async () => {
  seen = await guest.observations;
});

const eth0 = (...cpus: number[]): Pins => ({ 'virtio2-input.#': cpus, 'virtio2-output.#': cpus });
const eth1 = (...cpus: number[]): Pins => ({ 'eth1-rxtx-#': cpus });

describe('a strategy, written to a kernel whose masks have two words', () => {
  test.each<[name: string, pins: Pins, cores: number[]]>([
    ['eth0 sequential', eth0(...NODE_0, ...NODE_1), [...NODE_0, ...NODE_1]],
    ['eth0 same-node', eth0(...NODE_0, ...NODE_0), NODE_0],
    ['eth0 same-node nic', eth0(...NODE_1, ...NODE_1), NODE_1],
    ['eth0 all-nodes', eth0(...BY_TURNS), BY_TURNS],
    ['eth0 sequential without CPU 33', eth0(...WITHOUT_33), WITHOUT_33.slice(0, -1)],
    ['eth1 sequential', eth1(0, 1, 2, 3, 4, 5, 6, 7), [0, 1, 2, 3, 4, 5, 6, 7]],
    ['eth1 same-node', eth1(0, 1, 2, 3, 4, 5, 6, 7), [0, 1, 2, 3, 4, 5, 6, 7]],
    ['eth1 same-node nic', eth1(0, 1, 2, 3, 4, 5, 6, 7), [0, 1, 2, 3, 4, 5, 6, 7]],
    ['eth1 all-nodes', eth1(0, 20, 1, 21, 2, 22, 3, 23), [0, 20, 1, 21, 2, 22, 3, 23]],
    ['eth1 sequential of 30-33', eth1(30, 31, 32, 33, 30, 31, 32, 33), [30, 31, 32, 33]],
  ])('%s', (name, pins, cores) => {
    const one = observation(seen, name);
    expect(one.status).toBe(0);
    expectWritten(one, pins, MASKS);
    expect(katranArgument(one, 'forwarding_cores')).toBe(cores.join(','));
    expect(katranArgument(one, 'numa_nodes')).toBe(cores.map((cpu) => (cpu < 20 ? 0 : 1)).join(','));
  });

  test('the log has full words: cpu 39 is mask 00000080,00000000', () => {
    const one = observation(seen, 'eth0 sequential');
    const last = irq(one, 'virtio2-input.39');
    expect(one.stderr).toContain(`affinitizing irq ${last} to cpu 39 mask 00000080,00000000`);
  });

  test('eth1 keep: masks in either word are read, nothing is written', () => {
    const one = observation(seen, 'eth1 keep');
    expect(one.status).toBe(0);
    expectUntouched(one);
    expect(katranArgument(one, 'forwarding_cores')).toBe('39,31,32,0');
    expect(katranArgument(one, 'numa_nodes')).toBe('1,1,1,0');
  });
});

describe('all or nothing', () => {
  test('the 79th of 80 writes is refused: all masks are back', () => {
    const one = observation(seen, 'refused at virtio2-input.39');
    expectRefusal(one, `irq ${irq(one, 'virtio2-input.39')}`, 'managed by the kernel');
    expectUntouched(one);
  });

  test('a CPU of the upper word that went offline after it was read: all masks are back', () => {
    const one = observation(seen, 'CPU gone after planning');
    expectRefusal(one, `irq ${irq(one, 'virtio2-input.35')}`, 'cpu 35', 'online');
    expectUntouched(one);
  });

  test('restore puts back every mask', () => {
    const one = observation(seen, 'restore');
    expect(one.moments['applied']).toEqual(withPins(one, one.before, eth0(...BY_TURNS), MASKS));
    expect(one.status).toBe(0);
    expectUntouched(one);
  });
});

test('launch: pins, finds the gateway, reaches katran, ends with 0 on SIGTERM', () => {
  const one = observation(seen, 'launch with affinity');
  expect(one.stderr).toContain(`Mac address is ${GATEWAY.mac}`);
  expect(one.stderr).toContain('katran is up and running');
  expect(one.status).toBe(0);
  expectWritten(one, eth0(...BY_TURNS), MASKS);
});
