import { describe, expect, it } from 'vitest';
import type { Topology } from '../../../src/linux/cpu-topology.ts';
import { parseInterrupts } from '../../../src/linux/interrupts.ts';
import { parseKatranFlags } from '../../../src/katran/katran-flags.ts';
import type { FoundProcess } from '../../../src/katran/find-katran.ts';
import { compare } from '../../../src/status/report.ts';
import type { LiveVector, Observation } from '../../../src/status/types.ts';

const topology: Topology = {
  possibleCpus: 4,
  online: [0, 1, 2, 3],
  present: [0, 1, 2, 3],
  isolated: [],
  nohzFull: [],
  withoutPackage: [],
  nodes: [
    { id: 0, cpus: [0, 1] },
    { id: 1, cpus: [2, 3] },
  ],
  nodeSource: 'node',
  nodeOf: (cpu) => (cpu < 2 ? 0 : 1),
  siblingsOf: (cpu) => [cpu],
};

const katran = (...args: string[]): FoundProcess => ({
  pid: 7,
  name: 'katran_server_grpc',
  since: 0,
  flags: parseKatranFlags(['katran_server_grpc', ...args]),
});

const GIVEN = ['-intf=eth0', '-forwarding_cores=0,2', '-numa_nodes=0,1'];

const queue = (n: number, ...cpus: number[]): LiveVector => ({
  nic: 'eth0',
  irq: 30 + n,
  name: `eth0-TxRx-${n}`,
  role: 'receive',
  queue: n,
  idle: false,
  cpus,
});

function table(...counts: number[][]) {
  const rows = counts.map((row, n) => ` ${30 + n}: ${row.join(' ')} PCI-MSI-edge eth0-TxRx-${n}`);
  return parseInterrupts(`  CPU0 CPU1 CPU2 CPU3\n${rows.join('\n')}\n`);
}

const MAC = '02:00:00:00:00:01';
const fine: Observation = {
  time: 2000,
  interrupts: table([100, 0, 0, 0], [0, 0, 50, 0]),
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
  topology,
  nics: [{ name: 'eth0', driver: 'ixgbe', node: 0 }],
  vectors: { value: [queue(0, 0), queue(1, 2)] },
  interfaceTrouble: null,
  xdp: 'native',
  program: { kind: 'own', id: 12, mode: 'native' },
  unsupervised: false,
  live: true,
};
const before = { time: 1000, interrupts: table([0, 0, 0, 0], [0, 0, 0, 0]), fallback: 5n, traffic: null };

const owners = (...list: FoundProcess[]): Partial<Observation> => ({
  katran: { ...fine.katran, owners: list },
});
const problems = (change: Partial<Observation>): string[] =>
  compare(before, { ...fine, ...change }).problems.map(({ code }) => code);
const notes = (change: Partial<Observation>): string[] =>
  compare(before, { ...fine, ...change }).notes.map(({ code }) => code);

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
    ['a queue outside the cores', { vectors: { value: [queue(0, 0), queue(1, 3)] } }, ['affinity-outside']],
    [
      'a queue that may leave the cores',
      { vectors: { value: [queue(0, 0), queue(1, 2, 3)] } },
      ['affinity-outside'],
    ],
    ['queues that changed places', { vectors: { value: [queue(0, 2), queue(1, 0)] } }, ['affinity-differs']],
    [
      'a queue on two of the cores',
      { vectors: { value: [queue(0, 0), queue(1, 0, 2)] } },
      ['affinity-differs'],
    ],
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
      'a second katran works on the interface',
      { katran: { ...fine.katran, elsewhere: [{ ...katran('-intf=eth0'), pid: 8 }] } },
      ['second-katran'],
    ],
    [
      'a forwarding core went offline',
      { topology: { ...topology, online: [0, 1, 3] }, vectors: { value: [queue(0, 0)] } },
      ['core-offline'],
    ],
  ])('%s', (_words, change, codes) => {
    expect(problems(change)).toEqual(codes);
    for (const { message } of compare(before, { ...fine, ...change }).problems)
      expect(message).not.toMatch(/\n/);
  });

  it('with more queues than cores, a queue may be on any core', () => {
    expect(problems({ vectors: { value: [queue(0, 2), queue(1, 0), queue(2, 2)] } })).toEqual([]);
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
