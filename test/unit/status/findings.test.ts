import { describe, expect, it } from 'vitest';
import { readCounters } from '../../../src/linux/interrupt-counters.ts';
import { formatAffinityMask } from '../../../src/linux/smp-affinity.ts';
import { parseKatranFlags } from '../../../src/katran/katran-flags.ts';
import type { FoundProcess } from '../../../src/katran/find-katran.ts';
import type { Ahead, Sight, SlotSight } from '../../../src/katran/program.ts';
import { compare } from '../../../src/status/report.ts';
import type { Observation } from '../../../src/status/types.ts';
import { statusParts } from '../../../src/status/text.ts';
import { screenFor } from '../../../src/terminal/screen.ts';
import { liveVectors } from '../../../src/status/live-vectors.ts';
import { LiveMachine } from '../../support/live-machine.ts';

/**
 * What is read of a host with 4 CPUs in two nodes and an ixgbe eth0: its queue n has gone to the nth CPUs, and `counts` are its
 * interrupts, by queue and CPU.
 */
function host(
  pinned: readonly (readonly number[])[],
  { counts = [], online }: { counts?: readonly (readonly number[])[]; online?: string } = {},
): Pick<Observation, 'interrupts' | 'topology' | 'nics' | 'vectors'> {
  const machine = new LiveMachine({ cpus: 4, nodes: 2, vectors: pinned.length });
  try {
    pinned.forEach((cpus, n) => {
      machine.setMask(30 + n, formatAffinityMask(cpus, 4));
      // As where the kernel spreads the interrupts of one vector.
      machine.file(`proc/irq/${30 + n}/effective_affinity_list`, `${cpus.join(',')}\n`);
    });
    counts.forEach((row, n) => row.forEach((count, cpu) => machine.interrupt(30 + n, cpu, count)));
    if (online !== undefined) machine.online(online);
    const plan = machine.plan();
    return {
      interrupts: readCounters(machine.root),
      topology: plan.topology,
      nics: plan.nics,
      vectors: { value: liveVectors(machine.root, plan) },
    };
  } finally {
    machine.remove();
  }
}

const katran = (...args: string[]): FoundProcess => ({
  pid: 7,
  name: 'katran_server_grpc',
  since: 0,
  flags: parseKatranFlags(['katran_server_grpc', ...args]),
});

const GIVEN = ['-intf=eth0', '-forwarding_cores=0,2', '-numa_nodes=0,1'];

const MAC = '02:00:00:00:00:01';
const fine: Observation = {
  ...host([[0], [2]], { counts: [[100], [0, 0, 50]] }),
  time: 2000,
  fallback: 5n,
  traffic: null,
  address: '127.0.0.1:50051',
  katran: { listening: true, owners: [katran(...GIVEN)], hidden: false, elsewhere: [] },
  mac: { value: MAC },
  gateway: {
    value: { address: '10.0.0.1', mac: MAC, interface: 'eth0', family: 4, reason: '', warnings: [] },
  },
  interface: { value: 'eth0' },
  intfGiven: null,
  interfaceTrouble: null,
  xdp: 'native',
  program: { kind: 'own', id: 12, mode: 'native' },
  unsupervised: false,
  live: true,
};
const before = { time: 1000, interrupts: host([[0], [2]]).interrupts, fallback: 5n, traffic: null };

const owners = (...list: FoundProcess[]): Partial<Observation> => ({
  katran: { ...fine.katran, owners: list },
});
const problems = (change: Partial<Observation>): string[] =>
  compare(before, { ...fine, ...change }).problems.map(({ code }) => code);
const notes = (change: Partial<Observation>): string[] =>
  compare(before, { ...fine, ...change }).notes.map(({ code }) => code);

const ahead = (isKatrans: boolean): Ahead => ({
  what: 'slot 0 has program 7',
  cost: 'katran gets no packet',
  remedy: 'take it away',
  isKatrans,
});
const own = (inSlot: SlotSight): Sight => ({ kind: 'own', id: 12, mode: 'native', inSlot });

it('another program in an earlier slot may pass packets on: that is a note', () => {
  const program = own({ slot: 1, ahead: ahead(false) });
  expect(problems({ program })).toEqual([]);
  expect(notes({ program })).toEqual(['slot-ahead']);
});

const plain = screenFor({ isTerminal: false, columns: 80 }, {});

it('the slot is the one that the program is in; where nobody can see that, the one it was started in', () => {
  const shared = owners(katran(...GIVEN, '-map_path=/sys/fs/bpf/jmp', '-prog_pos=2'));
  const text = (program: Sight): string =>
    statusParts(compare(before, { ...fine, ...shared, program }), 0, plain, null).facts.join('\n');
  expect(text(own({ slot: 1, ahead: undefined }))).toContain('shared mode, slot 1 of /sys/fs/bpf/jmp,');
  expect(text({ kind: 'unseen', what: 'not root' })).toContain(
    'shared mode, started in slot 2 of /sys/fs/bpf/jmp,',
  );
});

it('nothing wrong when all is as started', () => {
  expect(problems({})).toEqual([]);
  expect(notes({})).toEqual([]);
});

const down = { listening: false, owners: [], hidden: false, elsewhere: [] };
const zero = '00:00:00:00:00:00';

describe('what is wrong', () => {
  it.each<[string, Partial<Observation>, string[]]>([
    ['nobody listens', { katran: down, mac: { trouble: 'x' } }, ['katran-down']],
    ['two listen on one port', owners(katran(...GIVEN), katran(...GIVEN)), ['port-shared']],
    ['katran does not answer', { mac: { trouble: 'DEADLINE_EXCEEDED' } }, ['katran-silent']],
    ['a MAC of zeros', { mac: { value: zero } }, ['mac-zero']],
    ['another MAC than the gateway has', { mac: { value: '02:00:00:00:00:02' } }, ['mac-differs']],
    ['a queue outside the cores', host([[0], [3]]), ['affinity-outside']],
    ['a queue that may leave the cores', host([[0], [2, 3]]), ['affinity-outside']],
    ['queues that changed places', host([[2], [0]]), ['affinity-differs']],
    ['a queue on two of the cores', host([[0], [0, 2]]), ['affinity-differs']],
    ['no forwarding cores', owners(katran('-intf=eth0')), ['no-forwarding-cores']],
    ['a wrong NUMA node', owners(katran('-forwarding_cores=0,2', '-numa_nodes=0,0')), ['numa-differs']],
    ['the fallback table is used', { fallback: 8n }, ['fallback-grows']],
    ['the interface is down', { interfaceTrouble: 'eth0 is down' }, ['interface-down']],
    ['there is no such interface', { interface: { trouble: 'x' } }, ['interface-missing']],
    ['another interface was asked for', { intfGiven: 'eth1' }, ['interface-differs']],
    ['katran runs without an XDP program', { xdp: 'none' }, ['xdp-missing']],
    [
      'its program is gone from its slot',
      { program: { kind: 'gone', what: 'slot 1 of /sys/fs/bpf/jmp is empty' } },
      ['xdp-missing'],
    ],
    [
      "another's program is in its place",
      { program: { kind: 'other', what: 'eth0 has XDP program 13 (pass)' } },
      ['xdp-foreign'],
    ],
    [
      'a program that a dead katran left gets the packets first',
      { program: own({ slot: 1, ahead: ahead(true) }) },
      ['slot-ahead'],
    ],
    [
      'a second katran works on the interface',
      { katran: { ...fine.katran, elsewhere: [{ ...katran('-intf=eth0'), pid: 8 }] } },
      ['second-katran'],
    ],
    ['a forwarding core went offline', host([[0]], { online: '0-1,3' }), ['core-offline']],
  ])('%s', (_words, change, codes) => {
    expect(problems(change)).toEqual(codes);
    for (const { message } of compare(before, { ...fine, ...change }).problems)
      expect(message).not.toMatch(/\n/);
  });

  it('with more queues than cores, a queue may be on any core', () => {
    expect(problems(host([[2], [0], [2]]))).toEqual([]);
  });

  it('a MAC is not compared with a gateway that is unknown: a note', () => {
    const change = { mac: { value: '02:00:00:00:00:02' }, gateway: { trouble: 'no default route' } };
    expect(problems(change)).toEqual([]);
    expect(notes(change)).toEqual(['gateway-unknown']);
  });

  it('an owner that is hidden from this user is told, and nothing is claimed', () => {
    const hidden = { listening: true, owners: [], hidden: true, elsewhere: [] };
    expect(problems({ katran: hidden })).toEqual([]);
    expect(notes({ katran: hidden })).toEqual(['owner-hidden']);
  });

  it('generic XDP, and an interface without queues of its own, are notes', () => {
    expect(notes({ xdp: 'generic', vectors: { trouble: 'eth0 has no interrupts' } })).toEqual([
      'queues-unknown',
      'xdp-generic',
    ]);
  });
});

describe('rates', () => {
  it('are per second, by queue and by CPU', () => {
    const report = compare({ ...before, time: 0 }, fine);
    expect(report.rates).toEqual(
      new Map([
        [0, 50],
        [2, 25],
      ]),
    );
    expect(report.queues.map(({ perSecond }) => perSecond)).toEqual([50, 25]);
  });

  it('of the fallback table: none when a new katran counts from zero, unknown when it did not answer', () => {
    expect(compare(before, { ...fine, fallback: 0n }).fallbackPerSecond).toBe(0);
    expect(compare(before, { ...fine, fallback: 25n }).fallbackPerSecond).toBe(20);
    expect(compare({ ...before, fallback: null }, fine).fallbackPerSecond).toBeNull();
  });
});
