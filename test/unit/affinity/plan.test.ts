import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { differingVectors } from '../../../src/affinity/differing.ts';
import { mismatchWarning } from '../../../src/affinity/mismatch-warning.ts';
import { STRATEGIES, type AffinityPlan } from '../../../src/affinity/types.ts';
import { copyMachine, makeDirectory, makeMachine, type MadeMachine } from '../../support/machines.ts';
import { planOf as plan } from '../../support/plan-of.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true, force: true });
});

function made(machine: MadeMachine): string {
  const directory = makeDirectory('plan');
  directories.push(directory);
  makeMachine(directory, machine);
  return directory;
}

function copied(name: string): string {
  const directory = copyMachine(name);
  directories.push(directory);
  return directory;
}

function setAffinity(directory: string, irq: number, mask: string, effective?: string): void {
  const irqDirectory = path.join(directory, `proc/irq/${irq}`);
  fs.writeFileSync(path.join(irqDirectory, 'smp_affinity'), `${mask}\n`);
  const list = path.join(irqDirectory, 'effective_affinity_list');
  if (effective === undefined) fs.rmSync(list, { force: true });
  else fs.writeFileSync(list, `${effective}\n`);
}

const codes = (result: AffinityPlan): string[] => result.warnings.map((warning) => warning.code);

describe('-cpus', () => {
  it('restricts every strategy to these CPUs', () => {
    const machine = made({ cpus: 8, nodes: 2, queues: 4 });
    const cpus = [2, 3, 6];
    expect(plan(machine, { cpus, strategy: 'sequential' }).forwardingCores).toEqual([2, 3, 6]);
    expect(plan(machine, { cpus, strategy: 'all-nodes' }).forwardingCores).toEqual([2, 6, 3]);
    expect(plan(machine, { cpus, strategy: 'same-node', numaNode: 1 }).forwardingCores).toEqual([6]);
  });

  it('refuses CPUs that are not online, and names them', () => {
    const machine = copied('8-2-mixed-offline-smt');
    expect(() => plan(machine, { cpus: [2, 3, 6] })).toThrow(
      /-cpus 2-3,6: CPU 3,6 are not online.*0-2,4-5,7/,
    );
  });

  it('warns when keep leaves a vector outside them', () => {
    const result = plan(made({ cpus: 4, queues: 4 }), { cpus: [0, 1, 2], strategy: 'keep' });
    expect(codes(result)).toContain('kept-outside-cpus');
  });
});

describe('same-node', () => {
  it('refuses a node without online CPUs, and lists the nodes', () => {
    const machine = made({ cpus: 8, nodes: 2, queues: 2 });
    expect(() => plan(machine, { strategy: 'same-node', numaNode: 5 })).toThrow(
      /node 5 .*no online CPU; nodes: 0 \(CPUs 0-3\), 1 \(CPUs 4-7\)/,
    );
  });

  it('refuses a node of which -cpus leaves nothing', () => {
    const machine = made({ cpus: 8, nodes: 2, queues: 2 });
    expect(() => plan(machine, { strategy: 'same-node', numaNode: 1, cpus: [0, 1] })).toThrow(
      /none of the CPUs in -cpus is on it/,
    );
  });

  it('does not look at the node for other strategies', () => {
    expect(plan(made({ cpus: 4, queues: 2 }), { numaNode: 7 }).forwardingCores).toEqual([0, 1]);
  });

  it('nic: refuses an unknown node where there are several, and uses the only one', () => {
    const nic = { name: 'eth0', driver: 'ixgbe', node: -1, vectors: ['eth0-TxRx-0'] };
    const several = made({ cpus: 4, nodes: 2, nics: [nic] });
    expect(() => plan(several, { strategy: 'same-node', numaNode: 'nic' })).toThrow(
      /the node of eth0 is not known.*numa_node/,
    );
    const one = made({ cpus: 4, nodes: 1, nics: [nic] });
    expect(plan(one, { strategy: 'same-node', numaNode: 'nic' }).forwardingCores).toEqual([0]);
  });

  it('nic: refuses a node without an online CPU, also where there is just one other', () => {
    const nic = { name: 'eth0', driver: 'ixgbe', node: 1, vectors: ['eth0-TxRx-0'] };
    expect(() =>
      plan(made({ cpus: 4, nodes: 1, nics: [nic] }), { strategy: 'same-node', numaNode: 'nic' }),
    ).toThrow(/node 1 \(-numa_node nic\): it has no online CPU; nodes: 0 \(CPUs 0-3\)/);
  });
});

describe('-smt off', () => {
  it('uses the first online thread of each core', () => {
    const machine = made({ cpus: 8, threads: 2, nodes: 2, queues: 4 });
    expect(plan(machine, { smt: 'off', strategy: 'sequential' }).forwardingCores).toEqual([0, 2, 4, 6]);
    expect(plan(machine, { smt: 'off' }).forwardingCores).toEqual([0, 4, 2, 6]);
    expect(plan(machine, { smt: 'off', strategy: 'same-node', numaNode: 1 }).forwardingCores).toEqual([4, 6]);
    fs.writeFileSync(path.join(machine, 'sys/devices/system/cpu/online'), '1-7\n');
    fs.writeFileSync(path.join(machine, 'sys/devices/system/node/node0/cpulist'), '1-3\n');
    expect(plan(machine, { smt: 'off', strategy: 'sequential' }).forwardingCores).toEqual([1, 2, 4, 6]);
  });

  it('of those in -cpus', () => {
    const machine = made({ cpus: 8, threads: 2, queues: 4 });
    expect(plan(machine, { smt: 'off', cpus: [1, 2, 3, 5] }).forwardingCores).toEqual([1, 2, 5]);
  });

  it('counts cores where there are fewer than queues', () => {
    const [warning] = plan(made({ cpus: 4, threads: 2, queues: 3 }), { smt: 'off' }).warnings;
    expect(warning?.message).toMatch(/^3 receive vectors but only 2 cores of the online CPUs \(-smt off\)/);
  });
});

describe('queues on two threads of one core', () => {
  const siblings = (machine: MadeMachine, changes: Parameters<typeof plan>[1] = {}): string | undefined =>
    plan(made(machine), changes).warnings.find(({ code }) => code === 'smt-sibling')?.message;

  it('are a warning while whole cores are free, which names them and the flag', () => {
    expect(siblings({ cpus: 8, threads: 2, queues: 4 })).toMatch(
      /threads CPU 0\+1, 2\+3, while whole cores are free \(CPU 4-7\).*-smt off/,
    );
  });

  it('are none where no core is free, or the strategy may not use it', () => {
    expect(siblings({ cpus: 4, threads: 2, queues: 4 })).toBeUndefined();
    expect(siblings({ cpus: 8, threads: 2, queues: 4 }, { cpus: [0, 1] })).toBeUndefined();
    const onNode = { strategy: 'same-node', numaNode: 1 } as const;
    expect(siblings({ cpus: 8, threads: 2, nodes: 2, queues: 4 }, onNode)).toBeUndefined();
    expect(siblings({ cpus: 8, threads: 2, nodes: 2, queues: 2 }, onNode)).toContain('CPU 4+5');
  });

  it('are none with the flag, nor on a machine without threads', () => {
    expect(siblings({ cpus: 8, threads: 2, queues: 4 }, { smt: 'off' })).toBeUndefined();
    expect(siblings({ cpus: 8, queues: 4 })).toBeUndefined();
  });

  it('keep: says what else there is', () => {
    const machine = made({ cpus: 8, threads: 2, queues: 2 });
    setAffinity(machine, 32, '1');
    setAffinity(machine, 33, '2');
    const warning = plan(machine, { strategy: 'keep' }).warnings.find(({ code }) => code === 'smt-sibling');
    expect(warning?.message).toMatch(/pin them apart, or choose another -strategy with -smt off$/);
  });

  it('whose threads cannot be read are no warning, and an error only with -smt off', () => {
    const machine = made({ cpus: 8, threads: 2, queues: 2 });
    for (const cpu of [0, 1])
      fs.writeFileSync(path.join(machine, `sys/devices/system/cpu/cpu${cpu}/topology/core_cpus_list`), 'x\n');
    expect(codes(plan(machine))).toEqual([]);
    expect(() => plan(machine, { smt: 'off' })).toThrow(/core_cpus_list/);
  });
});

describe('keep', () => {
  it('takes smp_affinity of one CPU, else effective_affinity', () => {
    const machine = made({ cpus: 4, queues: 2 });
    setAffinity(machine, 32, '4', '1');
    setAffinity(machine, 33, 'f', '3');
    const result = plan(machine, { strategy: 'keep' });
    expect(result.forwardingCores).toEqual([2, 3]);
    expect(result.vectors.map((vector) => vector.mask)).toEqual(['00000004', '00000008']);
    expect(differingVectors(result)).toEqual([]);
  });

  it('fails where neither says one CPU, and names the interrupt and the ways out', () => {
    const machine = made({ cpus: 4, queues: 2 });
    setAffinity(machine, 33, 'c');
    expect(() => plan(machine, { strategy: 'keep' })).toThrow(
      /irq 33 \(eth0-TxRx-1\) is on CPUs 2-3 .*effective_affinity does not exist.*another -strategy/,
    );
  });

  it('does not keep a vector on a CPU that is offline', () => {
    const machine = copied('8-2-mixed-offline-smt');
    setAffinity(machine, 29, '08', '3');
    expect(() => plan(machine, { strategy: 'keep' })).toThrow(/irq 29/);
    setAffinity(machine, 29, '08', '4');
    expect(plan(machine, { strategy: 'keep' }).forwardingCores[0]).toBe(4);
  });
});

describe('-forwarding_cores', () => {
  it('is the plan, with the nodes of the topology and no vectors', () => {
    const result = plan(copied('8-2-mixed-interleaved'), { forwardingCores: [4, 1], interfaceName: 'lo' });
    expect(result).toMatchObject({ vectors: [], forwardingCores: [4, 1], numaNodes: [0, 1] });
  });

  it('must be online', () => {
    expect(() => plan(made({ cpus: 4 }), { forwardingCores: [3, 4] })).toThrow(
      /-forwarding_cores 3-4: CPU 4 is not online/,
    );
  });

  it('still wants an interface that exists', () => {
    expect(() => plan(made({ cpus: 4 }), { forwardingCores: [0], interfaceName: 'eth9' })).toThrow(/eth9/);
  });
});

describe('what katran aborts on is refused', () => {
  it('a core that is not below -max_cpus', () => {
    const machine = made({ cpus: 8 });
    expect(() => plan(machine, { maxCpus: 7 })).toThrow(/forwarding core 7 is not below -max_cpus 7/);
    expect(plan(machine, { maxCpus: 8 }).forwardingCores).toHaveLength(8);
    expect(() => plan(machine, { forwardingCores: [7], maxCpus: 7 })).toThrow(/-max_cpus/);
  });

  it('a connection table smaller than the number of cores', () => {
    expect(() => plan(made({ cpus: 4 }), { lruSize: 3 })).toThrow(/-lru_size 3 .* cores, 4/);
    expect(plan(made({ cpus: 4 }), { lruSize: 4 }).forwardingCores).toHaveLength(4);
  });

  it('and a warning where no katran is started with it: the masks are right all the same', () => {
    const result = plan(made({ cpus: 8 }), { katranLimits: 'warn', maxCpus: 7, lruSize: 3 });
    expect(codes(result)).toEqual(['max-cpus', 'lru-size']);
    expect(result.forwardingCores).toHaveLength(8);
  });
});

describe('warnings', () => {
  it('none for a queue per CPU on the node of the NIC', () => {
    expect(plan(made({ cpus: 4, queues: 4 })).warnings).toEqual([]);
  });

  it('fewer CPUs than queues, and which share', () => {
    const result = plan(made({ cpus: 2, queues: 3 }));
    expect(codes(result)).toEqual(['fewer-cpus', 'shared-cpu']);
    expect(result.warnings[0]?.message).toContain('ethtool -L eth0 combined 2');
    expect(result.warnings[1]?.message).toContain('CPU 0 (irq 32,34)');
  });

  it('only that they share, where the node is what is too small', () => {
    expect(codes(plan(made({ cpus: 4, nodes: 2, queues: 3 }), { strategy: 'same-node' }))).toEqual([
      'shared-cpu',
    ]);
  });

  it('a plan that leaves the node of the NIC, with the CPUs', () => {
    const [warning] = plan(made({ cpus: 4, nodes: 2, queues: 4 })).warnings;
    expect(warning?.code).toBe('cross-node');
    expect(warning?.message).toMatch(/eth0 is on NUMA node 0, CPU 2-3/);
  });

  it('isolated CPUs in the plan', () => {
    const machine = made({ cpus: 4 });
    fs.writeFileSync(path.join(machine, 'sys/devices/system/cpu/isolated'), '2-3\n');
    const [warning] = plan(machine).warnings;
    expect(warning).toMatchObject({
      code: 'isolated-cpu',
      message: expect.stringContaining('CPU 2-3') as string,
    });
    expect(plan(machine, { cpus: [0, 1] }).warnings.map(({ code }) => code)).not.toContain('isolated-cpu');
  });

  it('CPUs without a tick in the plan', () => {
    const machine = made({ cpus: 4 });
    fs.writeFileSync(path.join(machine, 'sys/devices/system/cpu/nohz_full'), '3\n');
    const [warning] = plan(machine).warnings;
    expect(warning).toMatchObject({
      code: 'nohz-full-cpu',
      message: expect.stringMatching(/^CPU 3 .*-cpus$/) as string,
    });
  });

  it('a CPU whose socket is not known, where sockets are in the place of nodes', () => {
    const machine = made({ cpus: 2 });
    fs.rmSync(path.join(machine, 'sys/devices/system/node'), { recursive: true });
    const topology = path.join(machine, 'sys/devices/system/cpu/cpu0/topology');
    fs.mkdirSync(topology, { recursive: true });
    fs.writeFileSync(path.join(topology, 'physical_package_id'), '0\n');
    expect(plan(machine).warnings).toMatchObject([
      { code: 'node-guessed', message: expect.stringContaining('CPU 1 for node 0') as string },
    ]);
  });

  it('sockets in the place of nodes', () => {
    const machine = made({ cpus: 2 });
    fs.rmSync(path.join(machine, 'sys/devices/system/node'), { recursive: true });
    for (const cpu of [0, 1]) {
      const topology = path.join(machine, `sys/devices/system/cpu/cpu${cpu}/topology`);
      fs.mkdirSync(topology, { recursive: true });
      fs.writeFileSync(path.join(topology, 'physical_package_id'), `${cpu}\n`);
    }
    expect(codes(plan(machine))).toContain('node-guessed');
  });
});

describe('queues that are not in use', () => {
  /** Four pairs on a virtio NIC, of which two are in use. */
  const idle = (): string => copied('4-2-virtio_net-idle');

  it('are pinned, and count for nothing else', () => {
    const result = plan(idle(), { strategy: 'same-node', numaNode: 'nic' });
    expect(result.vectors.filter(({ idle: unused }) => unused).map(({ cpu }) => cpu)).toEqual([2, 3]);
    expect(result.forwardingCores).toEqual([2, 3]);
    expect(codes(result)).toEqual([]);
  });

  it('need no table of their own', () => {
    expect(plan(idle(), { lruSize: 2 }).forwardingCores).toHaveLength(2);
  });

  it('keep: may be anywhere', () => {
    const machine = idle();
    setAffinity(machine, 37, 'f');
    const result = plan(machine, { strategy: 'keep' });
    expect(result.vectors.find(({ irq }) => irq === 37)).toMatchObject({ idle: true, cpu: null, mask: null });
  });

  it('that are elsewhere are no difference that a launch warns of', () => {
    const machine = idle();
    for (const { irq, mask } of plan(machine).vectors)
      if (mask !== null && irq < 37) setAffinity(machine, irq, mask);
    expect(mismatchWarning(plan(machine))).toEqual([]);
    setAffinity(machine, 33, 'f');
    expect(mismatchWarning(plan(machine))[0]?.message).toMatch(/^1 receive IRQ is not .*virtio1-input\.0/);
  });
});

describe('members', () => {
  function bridge(): string {
    const machine = made({
      cpus: 4,
      nics: [
        { name: 'br0', driver: 'bridge', device: 'none', vectors: [] },
        { name: 'eth0', driver: 'ixgbe', vectors: ['eth0-TxRx-0'] },
        { name: 'tap0', driver: 'tun', device: 'none', vectors: [] },
      ],
    });
    for (const member of ['eth0', 'tap0'])
      fs.symlinkSync(
        fs.readlinkSync(path.join(machine, `sys/class/net/${member}`)),
        path.join(machine, `sys/devices/virtual/net/br0/lower_${member}`),
      );
    return machine;
  }

  it('without interrupts are a warning beside one that has them', () => {
    const result = plan(bridge(), { interfaceName: 'br0' });
    expect(result.vectors.map((vector) => vector.irq)).toEqual([32]);
    expect(result.warnings).toMatchObject([{ code: 'member-without-vectors' }]);
    expect(result.warnings[0]?.message).toContain('tap0');
  });

  it('that are two ports of one device do not have its vectors planned twice', () => {
    const machine = copied('4-2-mlx4');
    const bond = path.join(machine, 'sys/devices/virtual/net/bond0');
    fs.mkdirSync(path.join(bond, 'bonding'), { recursive: true });
    fs.symlinkSync('../../devices/virtual/net/bond0', path.join(machine, 'sys/class/net/bond0'));
    for (const port of ['eth0', 'eth1'])
      fs.symlinkSync(`../../../pci0000:00/0000:01:00.0/net/${port}`, path.join(bond, `lower_${port}`));
    const irqs = plan(machine, { interfaceName: 'bond0' }).vectors.map((vector) => vector.irq);
    expect(irqs).toEqual([32, 33, 34, 35]);
  });
});

describe('files that cannot be read', () => {
  it('smp_affinity that is gone is left to the moment of writing', () => {
    const machine = made({ cpus: 2 });
    fs.rmSync(path.join(machine, 'proc/irq/32'), { recursive: true });
    expect(plan(machine).vectors[0]).toMatchObject({ irq: 32, cpu: 0, current: null, effective: null });
  });

  it('smp_affinity that cannot be read is an error with its vector and path', () => {
    const machine = made({ cpus: 2 });
    const file = path.join(machine, 'proc/irq/32/smp_affinity');
    fs.rmSync(file);
    fs.mkdirSync(file);
    expect(() => plan(machine)).toThrow(`irq 32 (eth0-TxRx-0): cannot read ${file}`);
  });
});

describe('differing vectors', () => {
  it('compares CPUs, not text', () => {
    const machine = made({ cpus: 40, queues: 3, possibleCpus: 64 });
    setAffinity(machine, 32, '1');
    setAffinity(machine, 33, '00,00000002');
    setAffinity(machine, 34, '00000000,0000000c');
    expect(differingVectors(plan(machine)).map((vector) => vector.irq)).toEqual([34]);
  });
});

it('any plan: receive vectors on online CPUs, masks of exactly that CPU, cores once, as many nodes as cores', () => {
  const machines = fc.record({
    cpus: fc.integer({ min: 1, max: 70 }),
    nodes: fc.integer({ min: 1, max: 4 }),
    queues: fc.integer({ min: 1, max: 90 }),
  });
  fc.assert(
    fc.property(machines, fc.constantFrom(...STRATEGIES), ({ cpus, nodes, queues }, strategy) => {
      const machine = made({ cpus, queues, nodes: cpus % nodes === 0 ? nodes : 1 });
      const result = plan(machine, { strategy });
      const receive = result.vectors.filter((vector) => vector.role === 'receive');
      expect(receive).toHaveLength(queues);
      for (const vector of receive) {
        expect(result.topology.online).toContain(vector.cpu);
        expect(vector.node).toBe(result.topology.nodeOf(vector.cpu ?? -1));
        const bits = BigInt(`0x${vector.mask?.replaceAll(',', '') ?? ''}`);
        expect(bits).toBe(1n << BigInt(vector.cpu ?? -1));
      }
      expect(new Set(result.forwardingCores).size).toBe(result.forwardingCores.length);
      expect(new Set(result.forwardingCores)).toEqual(new Set(receive.map((vector) => vector.cpu)));
      expect(result.numaNodes).toHaveLength(result.forwardingCores.length);
      if (strategy === 'same-node') expect(new Set(result.numaNodes)).toEqual(new Set([0]));
    }),
    { numRuns: 25 },
  );
});

it('plans 4,096 vectors on 1,024 CPUs', () => {
  const result = plan(made({ cpus: 1024, nodes: 8, queues: 4096 }), { maxCpus: 1024 });
  expect(result.vectors).toHaveLength(4096);
  expect(result.forwardingCores).toHaveLength(1024);
  expect(result.vectors[9]).toMatchObject({ queue: 9, cpu: 129, node: 1 });
}, 60_000);
