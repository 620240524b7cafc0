import fs from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { AffinityPlan } from '../../../src/affinity/types.ts';
import { Failure } from '../../../src/failure.ts';
import { parseCpuList } from '../../../src/linux/cpu-list.ts';
import type { Topology } from '../../../src/linux/cpu-topology.ts';
import { listNetDevices } from '../../../src/linux/net-device.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { cpuMap } from '../../../src/report/cpu-map.ts';
import { screenFor } from '../../../src/terminal/screen.ts';
import { copyMachine, listMachines, makeDirectory, makeMachine } from '../../support/machines.ts';
import { planOf as plannerPlanOf } from '../../support/plan-of.ts';
import { plainScreen, plannedSubject, queuesIn, readCells } from './drawn-map.ts';

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true });
});

function made(machine: Parameters<typeof makeMachine>[1]): string {
  const directory = makeDirectory('map');
  directories.push(directory);
  makeMachine(directory, machine);
  return directory;
}

const planOf = (directory: string, interfaceName: string, more: { cpus?: number[] } = {}): AffinityPlan =>
  plannerPlanOf(directory, { interfaceName, maxCpus: 65536, ...more });

/** The plans of a machine's interfaces that have one. */
function plansOf(directory: string): AffinityPlan[] {
  return listNetDevices(openRoot(directory)).flatMap((intf) => {
    try {
      return [planOf(directory, intf)];
    } catch (error) {
      if (error instanceof Failure) return [];
      throw error;
    }
  });
}

/** The CPUs of `no queue: CPUs 64-127,192`, which may go on on the next lines, and the title of the block that they are listed in. */
function listedIn(lines: readonly string[]): Map<number, string> {
  const listed = new Map<number, string>();
  let block = '';
  let isList = false;
  for (const line of lines) {
    if (/^(NUMA node|socket) /.test(line)) block = line;
    isList = line.startsWith('no queue: CPUs ') || (isList && /^[\d,-]+$/.test(line));
    if (!isList) continue;
    const list = line.replace('no queue: CPUs ', '').replace(/,$/, '');
    for (const cpu of parseCpuList(list)) listed.set(cpu, block);
  }
  return listed;
}

function expectTrueToPlan(plan: AffinityPlan, columns: number, unicode: boolean): void {
  const lines = cpuMap(plannedSubject(plan), plainScreen(columns, unicode));
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
  if (!unicode) expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
  const cells = readCells(lines);
  const listed = listedIn(lines);
  const everywhere = [...cells.keys(), ...listed.keys()].sort((a, b) => a - b);
  expect(everywhere).toEqual(plan.topology.present);
  if (plan.topology.present.length < 64) expect(listed.size).toBe(0);
  const several = plan.nics.length > 1;
  for (const { nic, role, queue, cpu } of plan.vectors) {
    if (role !== 'receive' || cpu === null || queue === null) continue;
    const position = plan.nics.findIndex(({ name }) => name === nic);
    const prefix = several ? `${String.fromCharCode(97 + position)}:` : 'q';
    expect(queuesIn(cells.get(cpu)?.text ?? '', prefix), `${nic} ${queue} on CPU ${cpu}`).toContain(queue);
    expect(lines.at(-1) ?? '').not.toBe('');
  }
  for (const { id, cpus } of plan.topology.nodes) {
    for (const cpu of cpus)
      expect(cells.get(cpu)?.block ?? listed.get(cpu)).toMatch(new RegExp(`^(NUMA node|socket) ${id}( |$)`));
  }
}

describe('every recorded or made machine, each interface', () => {
  it.each(listMachines())(
    '%s: each planned queue stands at its CPU, in its node, within the width',
    (name) => {
      const directory = copyMachine(name);
      directories.push(directory);
      const plans = plansOf(directory);
      expect(plans.length > 0 || name.includes('veth') || name.includes('down')).toBe(true);
      for (const plan of plans) {
        for (const columns of [60, 80, 200]) {
          for (const unicode of [false, true]) expectTrueToPlan(plan, columns, unicode);
        }
      }
    },
  );
});

describe('sizes nobody has recorded', () => {
  it.each([
    ['256 CPUs, 4 nodes, 256 queues', { cpus: 256, nodes: 4 }, undefined],
    ['256 CPUs, 2 nodes, 64 queues', { cpus: 256, nodes: 2, queues: 64 }, undefined],
    [
      '256 CPUs, 200 queues on three CPUs: lists are continued on the next line',
      { cpus: 256, queues: 200 },
      [0, 1, 2],
    ],
    ['1,024 CPUs, 4,096 queues', { cpus: 1024, nodes: 8, queues: 4096 }, undefined],
    ['1 CPU, 1 queue', { cpus: 1 }, undefined],
  ])('%s', (_words, machine, cpus) => {
    const plan = planOf(made(machine), 'eth0', cpus === undefined ? {} : { cpus });
    for (const columns of [40, 80, 132]) expectTrueToPlan(plan, columns, false);
  });

  it('256 CPUs with load fit in 80 columns too; a shade tells the load without colour', () => {
    const plan = planOf(made({ cpus: 256, nodes: 2, queues: 256 }), 'eth0');
    const rates = new Map(plan.topology.online.map((cpu) => [cpu, 10 ** (cpu % 6)]));
    const lines = cpuMap({ ...plannedSubject(plan), rates }, plainScreen());
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.at(-1)).toBe('interrupts/s: . below 100  : 100  + 1k  # 10k and more');
    expect(lines.join('\n')).toMatch(/ 4 q8 +#/);
  });
});

function topology(made_: Partial<Topology> & { siblings?: Record<number, number[]> }): Topology {
  const online = made_.online ?? [0, 1, 2, 3];
  return {
    possibleCpus: 8,
    online,
    present: online,
    isolated: [],
    nohzFull: [],
    withoutPackage: [],
    nodes: [{ id: 0, cpus: online }],
    nodeSource: 'node',
    nodeOf: () => 0,
    siblingsOf: (cpu) => made_.siblings?.[cpu] ?? [cpu],
    ...made_,
  };
}
const landing = (queue: number, ...cpus: number[]) => ({
  nic: 'eth0',
  queue,
  role: 'receive' as const,
  cpus,
});
const nics = [{ name: 'eth0', driver: 'ixgbe', node: 0 }];
const nothing = { nics, landings: [], forwardingCores: null, rates: null };

describe('what is marked', () => {
  it('hyper-threads stand beside each other, and the legend says so', () => {
    const siblings = { 0: [0, 2], 2: [0, 2], 1: [1, 3], 3: [1, 3] };
    expect(
      cpuMap({ ...nothing, topology: topology({ siblings }), landings: [landing(0, 0)] }, plainScreen()),
    ).toEqual([
      'NUMA node 0  <- NIC eth0',
      '| 0 q0  2 -  | 1 -   3 -  |',
      'q0 queue 0   - no queue   | | one core, its hyper-threads side by side',
    ]);
  });

  it('offline, isolated and forwarding CPUs', () => {
    const lines = cpuMap(
      {
        ...nothing,
        topology: topology({ online: [0, 1], present: [0, 1, 2], isolated: [1] }),
        forwardingCores: [0, 1],
      },
      plainScreen(),
    );
    expect(lines).toEqual([
      'NUMA node 0  <- NIC eth0',
      '| 0*  -   | 1*i -   |',
      'offline, in no node',
      '| 2   off |',
      '- no queue   * forwarding core   i isolated   off offline',
    ]);
  });

  it('a queue that the kernel may put on several CPUs has a question mark on each', () => {
    const lines = cpuMap({ ...nothing, topology: topology({}), landings: [landing(3, 0, 1)] }, plainScreen());
    expect(lines[1]).toBe('| 0 q3? | 1 q3? | 2 -   | 3 -   |');
    expect(lines.at(-1)).toContain('? may land there');
  });

  it('a transmit queue shows where its receive queue is not', () => {
    const transmit = { nic: 'eth0', queue: 0, role: 'transmit' as const };
    const landings = [landing(0, 0), { ...transmit, cpus: [0] }, { ...transmit, queue: 1, cpus: [1] }];
    const lines = cpuMap({ ...nothing, topology: topology({}), landings }, plainScreen());
    expect(lines[1]).toBe('| 0 q0 | 1 t1 | 2 -  | 3 -  |');
  });

  it('a NIC whose node is unknown, or has no CPU, is told below', () => {
    const two = topology({
      nodes: [
        { id: 0, cpus: [0, 1] },
        { id: 1, cpus: [2, 3] },
      ],
    });
    const on = (node: number) =>
      cpuMap(
        { ...nothing, nics: [{ ...nics[0], name: 'eth0', driver: null, node }], topology: two },
        plainScreen(),
      );
    expect(on(-1).at(-1)).toContain('NIC eth0: node unknown');
    expect(on(7).at(-1)).toContain('NIC eth0: node 7, which has no CPU online');
    expect(on(1)[2]).toBe('NUMA node 1  <- NIC eth0');
  });

  it('sockets that stand in for nodes are called sockets', () => {
    const lines = cpuMap({ ...nothing, topology: topology({ nodeSource: 'package' }) }, plainScreen());
    expect(lines[0]).toBe('socket 0  <- NIC eth0');
  });

  it('live: interrupts per second in each cell, idle CPUs without a queue left blank', () => {
    const rates = new Map([
      [0, 1234],
      [1, 0.2],
    ]);
    const lines = cpuMap(
      { ...nothing, topology: topology({}), landings: [landing(0, 0), landing(1, 2)], rates },
      plainScreen(),
    );
    expect(lines[1]).toBe('| 0 q0 1.2k | 1 -    <1 | 2 q1    0 | 3 -       |');
    expect(lines.at(-1)).toContain('numbers: interrupts/s');
  });
});

it('colours change nothing but colour', () => {
  const plan = planOf(made({ cpus: 64, nodes: 2, queues: 64 }), 'eth0');
  const subject = {
    ...plannedSubject(plan),
    rates: new Map([
      [0, 20_000],
      [1, 5],
    ]),
  };
  const terminal = { write: () => undefined, isTerminal: true, columns: 80 };
  const coloured = cpuMap(subject, screenFor(terminal, { TERM: 'xterm' }));
  // eslint-disable-next-line no-control-regex -- an escape begins a colour
  const bare = coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''));
  expect(coloured.join('\n')).toContain('\x1b[31m');
  expect(bare).toEqual(cpuMap(subject, plainScreen()));
});

it('any queues on any CPUs: every one is found at its CPU, and no line is too long', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.tuple(fc.nat(300), fc.nat(1000)), { maxLength: 200 }),
      fc.integer({ min: 40, max: 160 }),
      (cpus, pairs, columns) => {
        const online = Array.from({ length: cpus }, (_, cpu) => cpu);
        const landings = pairs.map(([queue, spot]) => landing(queue, spot % cpus));
        const lines = cpuMap({ ...nothing, topology: topology({ online }), landings }, plainScreen(columns));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        const cells = readCells(lines);
        for (const {
          queue,
          cpus: [cpu = -1],
        } of landings)
          expect(queuesIn(cells.get(cpu)?.text ?? '', 'q')).toContain(queue);
      },
    ),
  );
});
