import { beforeAll, describe, expect, test } from 'vitest';
import {
  announced,
  expectRefusal,
  expectUntouched,
  expectWritten,
  irq,
  katranArgument,
  observation,
  withPins,
} from './facts.ts';
import type { Pins, Seen } from './facts.ts';
import type { Observation } from './inside/observation.ts';
import { GATEWAY } from './rig/machine.ts';
import { EIGHT_CPUS } from './rig/machines.ts';
import { startGuest } from './rig/start.ts';

// CPUs 0-3 are node 0, CPUs 4-7 node 1; eth0 is on node 1, eth1 on node 0. All expectations are worked out by hand.

/** The mask of each CPU as this kernel writes it. */
const MASKS = ['01', '02', '04', '08', '10', '20', '40', '80'];

const guest = startGuest(EIGHT_CPUS);
let seen: Seen;
beforeAll(async () => {
  seen = await guest.observations;
});

/** eth0's queues on `cpus`: input and output of a queue go together. */
function eth0(...cpus: number[]): Pins {
  return { 'virtio2-input.#': cpus, 'virtio2-output.#': cpus };
}
const SEQUENTIAL = eth0(0, 1, 2, 3, 4, 5, 6, 7);
const eth1 = (...cpus: number[]): Pins => ({ 'eth1-rxtx-#': cpus });
const eth2 = (cpu: number): Pins => ({ 'eth2-rx-0': [cpu], 'eth2-tx-0': [cpu] });
const bond = (eth4: number, eth5: number): Pins => ({
  'eth4-rx-0': [eth4],
  'eth4-tx-0': [eth4],
  'eth5-rx-0': [eth5],
  'eth5-tx-0': [eth5],
});

describe('a strategy, written to the kernel', () => {
  test.each<[name: string, pins: Pins, cores: string, nodes: string]>([
    ['eth0 sequential', eth0(0, 1, 2, 3, 4, 5, 6, 7), '0,1,2,3,4,5,6,7', '0,0,0,0,1,1,1,1'],
    ['eth0 same-node', eth0(0, 1, 2, 3, 0, 1, 2, 3), '0,1,2,3', '0,0,0,0'],
    ['eth0 all-nodes', eth0(0, 4, 1, 5, 2, 6, 3, 7), '0,4,1,5,2,6,3,7', '0,1,0,1,0,1,0,1'],
    ['eth0 same-node nic', eth0(4, 5, 6, 7, 4, 5, 6, 7), '4,5,6,7', '1,1,1,1'],
    ['eth0 sequential of 2-5', eth0(2, 3, 4, 5, 2, 3, 4, 5), '2,3,4,5', '0,0,1,1'],
    ['eth1 sequential', eth1(0, 1, 2, 3, 4, 5, 6, 7), '0,1,2,3,4,5,6,7', '0,0,0,0,1,1,1,1'],
    ['eth1 same-node', eth1(0, 1, 2, 3, 0, 1, 2, 3), '0,1,2,3', '0,0,0,0'],
    ['eth1 all-nodes', eth1(0, 4, 1, 5, 2, 6, 3, 7), '0,4,1,5,2,6,3,7', '0,1,0,1,0,1,0,1'],
    ['eth1 all-nodes of 1,2,7', eth1(1, 7, 2, 7, 1, 7, 2, 7), '1,7,2', '0,1,0'],
    ['eth2 sequential', eth2(0), '0', '0'],
    ['eth2 same-node', eth2(0), '0', '0'],
    ['eth2 all-nodes', eth2(0), '0', '0'],
    ['eth2 same-node 1', eth2(4), '4', '1'],
    ['eth6 sequential', { eth6: [0] }, '0', '0'],
    ['eth6 same-node', { eth6: [0] }, '0', '0'],
    ['eth6 all-nodes', { eth6: [0] }, '0', '0'],
    ['eth6 on CPU 5', { eth6: [5] }, '5', '1'],
    ['bond0.100 sequential', bond(0, 1), '0,1', '0,0'],
    ['bond0.100 same-node', bond(0, 1), '0,1', '0,0'],
    ['bond0.100 all-nodes', bond(0, 4), '0,4', '0,1'],
    ['eth0 sequential without CPU 2', eth0(0, 1, 3, 4, 5, 6, 7, 0), '0,1,3,4,5,6,7', '0,0,0,1,1,1,1'],
    ['eth0 same-node without CPU 2', eth0(0, 1, 3, 0, 1, 3, 0, 1), '0,1,3', '0,0,0'],
    ['eth0 all-nodes without CPU 2', eth0(0, 4, 1, 5, 3, 6, 0, 7), '0,4,1,5,3,6,7', '0,1,0,1,0,1,1'],
  ])('%s', (name, pins, cores, nodes) => {
    const one = observation(seen, name);
    expect(one.status).toBe(0);
    expectWritten(one, pins, MASKS);
    expect(katranArgument(one, 'forwarding_cores')).toBe(cores);
    expect(katranArgument(one, 'numa_nodes')).toBe(nodes);
  });
});

describe('keep takes the CPUs as they are and writes nothing', () => {
  test.each([
    ['eth0 keep', '7,6,5,4,3,2,1,0', '1,1,1,1,0,0,0,0'],
    ['eth1 keep', '3,4,2,5,1,6,0,7', '0,1,0,1,0,1,0,1'],
    ['eth2 keep', '6', '1'],
    ['eth6 keep', '3', '0'],
    ['bond0.100 keep', '5,1', '1,0'],
  ])('%s', (name, cores, nodes) => {
    const one = observation(seen, name);
    expect(one.status).toBe(0);
    expectUntouched(one);
    expect(announced(one.stderr)).toEqual([]);
    expect(katranArgument(one, 'forwarding_cores')).toBe(cores);
    expect(katranArgument(one, 'numa_nodes')).toBe(nodes);
  });
});

describe('what writes nothing', () => {
  test.each(['preview', 'dry run', 'JSON'])('%s', (name) => {
    const one = observation(seen, name);
    expect(one.status).toBe(0);
    expectUntouched(one);
  });

  test('the preview shows the number of CPUs and the gateway found on the wire', () => {
    const { stdout } = observation(seen, 'preview');
    expect(stdout).toMatch(/^number of CPUs 8$/m);
    expect(stdout).toContain(GATEWAY.mac);
  });

  test('the JSON plan has vmxnet3’s event vector as control, on no CPU', () => {
    const one = observation(seen, 'JSON');
    const plan: unknown = JSON.parse(one.stdout);
    const event = { irq: Number(irq(one, 'eth1-event-8')), role: 'control', cpu: null, mask: null };
    expect(plan).toMatchObject({
      interface: 'eth1',
      nics: [{ name: 'eth1', driver: 'vmxnet3', node: 0 }],
      vectors: expect.arrayContaining([expect.objectContaining(event)]) as unknown,
      gateway: { address: GATEWAY.address, mac: GATEWAY.mac, interface: 'eth0' },
    });
  });

  test('an interface that was never up has no interrupts: one line that says it is down', () => {
    const one = observation(seen, 'never up');
    expectRefusal(one, 'eth3', 'down');
    expectUntouched(one);
  });

  test('-cpus with an offline CPU: one line that names it', () => {
    const one = observation(seen, 'offline CPU asked for');
    expectRefusal(one, '-cpus', 'CPU 2', 'online');
    expectUntouched(one);
  });
});

describe('all or nothing: the kernel refuses one write of a plan', () => {
  test.each(['virtio2-input.0', 'virtio2-input.5', 'virtio2-output.7'])(
    '%s is managed by the kernel: its number and why are said, the other masks are back',
    (victim) => {
      const one = observation(seen, `refused at ${victim}`);
      expectRefusal(one, `irq ${irq(one, victim)}`, 'managed by the kernel');
      expectUntouched(one);
    },
  );

  test('the first ten of sixteen were written before the eleventh was refused', () => {
    const one = observation(seen, 'refused at virtio2-input.5');
    expect(announced(one.stderr)).toHaveLength(11);
  });

  test('a CPU that went offline after it was read: said, and the other masks are back', () => {
    const one = observation(seen, 'CPU gone after planning');
    expectRefusal(one, `irq ${irq(one, 'virtio2-input.6')}`, 'cpu 6', 'online');
    expect(announced(one.stderr).length).toBeGreaterThan(1);
    expectUntouched(one);
  });

  test('SIGTERM while writing: all of the plan, or nothing of it', () => {
    const one = observation(seen, 'SIGTERM while writing');
    const plan = withPins(one, one.before, eth0(0, 1, 2, 3, 4, 5, 6, 7), MASKS);
    expect([plan, one.before]).toContainEqual(one.after);
  });
});

describe('restore', () => {
  test('puts back every mask that the plan had changed, and removes the file', () => {
    const one = observation(seen, 'restore');
    expect(one.notes['apply status']).toBe('0');
    expect(one.moments['applied']).toEqual(withPins(one, one.before, eth0(0, 4, 1, 5, 2, 6, 3, 7), MASKS));
    expect(one.status).toBe(0);
    expectUntouched(one);
    expect(one.notes['file after it']).toBe('gone');
  });

  test('the saved masks were for root’s eyes only', () => {
    expect(observation(seen, 'restore').notes['mode of the file']).toBe('600');
  });

  test('nothing saved: says so, exit 1, nothing written', () => {
    const one = observation(seen, 'restore with nothing saved');
    expectRefusal(one, 'nothing saved', 'eth0');
    expectUntouched(one);
  });

  test('vectors that went away and came back under the same name get their masks', () => {
    const one = observation(seen, 'restore after down and up');
    expect(one.notes['apply status']).toBe('0');
    expect(one.status).toBe(0);
    expectUntouched(one);
  });
});

describe('launch', () => {
  test('finds the gateway on the wire, pins, reaches katran, ends with 0 on SIGTERM', () => {
    const one = observation(seen, 'guard repairs');
    expect(one.stderr).toContain(`Mac address is ${GATEWAY.mac}`);
    expect(one.stderr).toContain('katran is up and running');
    expect(one.stdout).toContain('Server listening on 0.0.0.0:50051');
    expect(one.moments['up']).toEqual(withPins(one, one.before, SEQUENTIAL, MASKS));
    expect(one.status).toBe(0);
  });

  test('without -affinitize: writes nothing, warns of each IRQ elsewhere and says both ways out', () => {
    const one = observation(seen, 'launch without affinity');
    expectUntouched(one);
    const warning = one.stderr.split('\n').find((line) => line.includes('-strategy keep')) ?? '';
    expect(warning).toContain('-affinitize');
    for (let queue = 0; queue < 8; queue++)
      expect(warning).toContain(`irq ${irq(one, `virtio2-input.${queue}`)} `);
  });
});

describe('the guard while katran runs', () => {
  const log = (one: Observation, chapter: string): string => one.notes[chapter] ?? '';
  /** The lines of `text` that have all of `words`. */
  const lines = (text: string, ...words: string[]): string[] =>
    text.split('\n').filter((line) => words.every((word) => line.includes(word)));

  // Where the guard repairs, it may have done so before the masks could be read.
  test('guard warns: the test’s own ethtool -L did lose the affinity', () => {
    // virtio_net gives each of four queues two of the eight CPUs.
    const one = observation(seen, 'guard warns');
    const now = one.moments['four queues'] ?? {};
    const masks = [0, 1, 2, 3].map((queue) => now[irq(one, `virtio2-input.${queue}`)]);
    expect(masks).toEqual(['03', '0c', '30', 'c0']);
  });

  test.each(['guard warns', 'guard repairs'])(
    '%s: irqbalance is named with the interrupts it moved',
    (name) => {
      const one = observation(seen, name);
      expect(one.notes['irqbalance moved interrupts']).toBe('true');
      expect(lines(log(one, 'irqbalance'), 'irqbalance', 'irq ')).not.toEqual([]);
    },
  );

  test('warn, half the queues: names each IRQ with the CPU wanted and the CPUs found', () => {
    const one = observation(seen, 'guard warns');
    const told = log(one, 'ethtool');
    expect(lines(told, `irq ${irq(one, 'virtio2-input.1')} `, 'cpu 1', '2-3')).toHaveLength(1);
    expect(lines(told, `irq ${irq(one, 'virtio2-input.3')} `, 'cpu 3', '6-7')).toHaveLength(1);
  });

  test.each(['guard warns', 'guard repairs'])(
    '%s, half the queues: the vectors of the others, which stay, are told as not in use, once in all rounds',
    (name) => {
      const one = observation(seen, name);
      const unused = [4, 5, 6, 7].map((queue) => `irq ${irq(one, `virtio2-input.${queue}`)} `);
      expect(lines(log(one, 'ethtool'), 'not in use any more: ', ...unused)).toHaveLength(1);
      expect(lines(one.stderr, 'not in use any more')).toHaveLength(1);
    },
  );

  test('warn, half the queues: the queues whose masks stayed are told of no mask', () => {
    const one = observation(seen, 'guard warns');
    const told = log(one, 'ethtool');
    expect(lines(told, `irq ${irq(one, 'virtio2-input.4')} `, 'instead of')).toEqual([]);
    expect(lines(told, `irq ${irq(one, 'virtio2-output.4')} `)).toEqual([]);
  });

  test('warn, a CPU offline: names the IRQ that lost it, not the one whose queue is not in use', () => {
    const one = observation(seen, 'guard warns');
    expect(lines(log(one, 'offline'), `irq ${irq(one, 'virtio2-output.5')} `)).not.toEqual([]);
    expect(lines(log(one, 'offline'), `irq ${irq(one, 'virtio2-input.5')} `)).toEqual([]);
  });

  test('warn, all queues again: told with the CPUs that the plan over those online has for them', () => {
    const one = observation(seen, 'guard warns');
    const planned = [4, 6, 7, 0].map(
      (cpu, i) => `irq ${irq(one, `virtio2-input.${i + 4}`)} (virtio2-input.${i + 4}) for cpu ${cpu}`,
    );
    expect(lines(log(one, 'eight queues'), `in use now: ${planned.join(', ')}`)).toHaveLength(1);
  });

  test('warn writes nothing: the masks are what the kernel left when the CPU went, and when the queues came', () => {
    const one = observation(seen, 'guard warns');
    expect(one.status).toBe(0);
    expect(one.moments['up']).toEqual(withPins(one, one.before, SEQUENTIAL, MASKS));
    expect(one.moments['CPU offline, told']).toEqual(one.moments['CPU offline']);
    expect(one.after).toEqual(one.moments['eight queues']);
    expect(announced(one.stderr)).toHaveLength(16);
  });

  test('repair, half the queues: every mask is that of the plan again, the eight lost ones were written', () => {
    const one = observation(seen, 'guard repairs');
    expect(one.moments['repaired']).toEqual(withPins(one, one.before, SEQUENTIAL, MASKS));
    const again = announced(log(one, 'ethtool'));
    expect(again).toContain(`affinitizing irq ${irq(one, 'virtio2-input.2')} to cpu 2 mask 00000004`);
    expect(again).toHaveLength(8);
  });

  // Four of eight queues are in use from `ethtool -L` on; the vectors of the others are nobody's concern.
  const inUse = (
    one: Parameters<typeof irq>[0],
    masks: Readonly<Record<string, string>> | undefined,
  ): object => {
    const idle = new Set([4, 5, 6, 7].map((queue) => irq(one, `virtio2-input.${queue}`)));
    return Object.fromEntries(Object.entries(masks ?? {}).filter(([number]) => !idle.has(number)));
  };

  test('repair, a CPU offline: the plan over the CPUs that are left, written', () => {
    const one = observation(seen, 'guard repairs');
    const offline = one.moments['CPU offline'] ?? {};
    const planned = withPins(one, offline, eth0(0, 1, 2, 3, 4, 6, 7, 0), MASKS);
    expect(inUse(one, one.moments['repaired without the CPU'])).toEqual(inUse(one, planned));
  });

  test('repair, the CPU back again: exactly the plan', () => {
    const one = observation(seen, 'guard repairs');
    const offline = one.moments['repaired without the CPU'] ?? {};
    expect(inUse(one, one.moments['repaired with the CPU'])).toEqual(
      inUse(one, withPins(one, offline, SEQUENTIAL, MASKS)),
    );
  });

  test('repair, irqbalance gone: eth0 is exactly as planned, all else as irqbalance left it', () => {
    const one = observation(seen, 'guard repairs');
    const left = one.moments['irqbalance ended'] ?? {};
    expect(inUse(one, one.moments['repaired after irqbalance'])).toEqual(
      inUse(one, withPins(one, left, SEQUENTIAL, MASKS)),
    );
  });

  test('repair, all queues again: told once, and looked after: the mask that was changed then is as planned', () => {
    const one = observation(seen, 'guard repairs');
    expect(lines(one.stderr, 'in use now: ', `irq ${irq(one, 'virtio2-input.4')} `)).toHaveLength(1);
    expect(announced(log(one, 'a new queue changed'))).toEqual([
      `affinitizing irq ${irq(one, 'virtio2-input.6')} to cpu 6 mask 00000040`,
    ]);
    const before = one.moments['repaired after irqbalance'] ?? {};
    expect(one.after).toEqual(withPins(one, before, SEQUENTIAL, MASKS));
  });

  test('more queues than katran was started with: its missing cores are told, and they are put on the cores that it has', () => {
    const one = observation(seen, 'guard repairs new queues');
    expect(one.status).toBe(0);
    expect(one.moments['up']).toEqual(withPins(one, one.before, SEQUENTIAL, MASKS));
    expect(lines(log(one, 'eight queues'), 'needs forwarding cores 4-7', 'keeps to cpus 0-3')).toHaveLength(
      1,
    );
    const grown = { ...SEQUENTIAL, 'virtio2-input.#': [0, 1, 2, 3, 0, 1, 2, 3] };
    expect(one.after).toEqual(withPins(one, one.moments['eight queues'] ?? {}, grown, MASKS));
  });
});
