import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cpuOfReceiveVector,
  pairTransmit,
  receiveOrder,
  type CpuChoice,
  type SpreadingStrategy,
} from '../../../src/affinity/strategies.ts';
import type { Role, Vector } from '../../../src/affinity/types.ts';

function cpus(strategy: SpreadingStrategy, count: number, choice: CpuChoice): (number | undefined)[] {
  return Array.from({ length: count }, (_, i) => cpuOfReceiveVector(strategy, i, choice));
}

function vector(nic: string, irq: number, role: Role, queue: number | null): Vector {
  return { nic, irq, role, queue, idle: false, name: `${nic}-${irq}` };
}

const TWO_NODES: CpuChoice = {
  cpus: [0, 1, 2, 4, 5, 7],
  nodes: [
    { id: 0, cpus: [0, 1, 2] },
    { id: 3, cpus: [4, 5, 7] },
  ],
  nodeCpus: [4, 5, 7],
};

describe('where the i-th receive vector goes', () => {
  it('sequential: the online CPUs in turn, gaps left out', () => {
    expect(cpus('sequential', 8, TWO_NODES)).toEqual([0, 1, 2, 4, 5, 7, 0, 1]);
  });

  it('same-node: the CPUs of the node in turn', () => {
    expect(cpus('same-node', 5, TWO_NODES)).toEqual([4, 5, 7, 4, 5]);
  });

  it('all-nodes: a node in turn, in it the next CPU', () => {
    expect(cpus('all-nodes', 8, TWO_NODES)).toEqual([0, 4, 1, 5, 2, 7, 0, 4]);
  });

  it('all-nodes: a small node starts over while a large one goes on', () => {
    const uneven = {
      ...TWO_NODES,
      nodes: [
        { id: 0, cpus: [0] },
        { id: 1, cpus: [4, 5, 7] },
      ],
    };
    expect(cpus('all-nodes', 6, uneven)).toEqual([0, 4, 0, 5, 0, 7]);
  });
});

describe('the order of receive vectors', () => {
  it('is member by name, then queue, then IRQ; the others are left out', () => {
    const order = receiveOrder([
      vector('eth4', 20, 'receive', 0),
      vector('eth2', 33, 'receive', 10),
      vector('eth2', 32, 'receive', 2),
      vector('eth2', 31, 'receive', 2),
      vector('eth2', 30, 'transmit', 0),
      vector('eth2', 29, 'control', null),
    ]);
    expect(order.map(({ irq }) => irq)).toEqual([31, 32, 33, 20]);
  });
});

describe('transmit vectors', () => {
  const receive = [
    vector('e', 10, 'receive', 0),
    vector('e', 11, 'receive', 1),
    vector('e', 12, 'receive', 4),
  ];
  const partner = (queue: number): number | undefined =>
    [...pairTransmit([vector('e', 1, 'transmit', queue)], receive).values()][0]?.irq;

  it('share the CPU of the receive vector of their queue', () => {
    expect([partner(0), partner(1), partner(4)]).toEqual([10, 11, 12]);
  });

  it('without one, that of receive vector (queue mod count)', () => {
    expect([partner(2), partner(3), partner(7)]).toEqual([12, 10, 11]);
  });
});

const choices = fc
  .uniqueArray(fc.nat(300), { minLength: 1, maxLength: 40 })
  .chain((all) =>
    fc.tuple(fc.constant(all), fc.array(fc.nat(3), { minLength: all.length, maxLength: all.length })),
  )
  .map(([all, nodeIds]): CpuChoice => {
    const sorted = [...all].sort((a, b) => a - b);
    const ids = [...new Set(nodeIds)].sort((a, b) => a - b);
    const nodes = ids.map((id) => ({ id, cpus: sorted.filter((_, i) => nodeIds[i] === id) }));
    return { cpus: sorted, nodes, nodeCpus: nodes[0]?.cpus ?? [] };
  });

describe('for any CPUs and nodes', () => {
  const strategies: SpreadingStrategy[] = ['sequential', 'same-node', 'all-nodes'];

  it('every receive vector gets an online CPU, and same-node never leaves its node', () => {
    fc.assert(
      fc.property(choices, fc.constantFrom(...strategies), fc.nat(200), (choice, strategy, count) => {
        const allowed = strategy === 'same-node' ? choice.nodeCpus : choice.cpus;
        expect(
          cpus(strategy, count, choice).filter((cpu) => cpu === undefined || !allowed.includes(cpu)),
        ).toEqual([]);
      }),
    );
  });

  it('loads differ by at most one between CPUs, and with all-nodes between nodes of equal size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(200),
        fc.constantFrom(...strategies),
        (nodeCount, size, count, strategy) => {
          const nodes = Array.from({ length: nodeCount }, (_, id) => ({
            id,
            cpus: Array.from({ length: size }, (__, c) => id + c * nodeCount),
          }));
          const all = nodes.flatMap((node) => node.cpus).sort((a, b) => a - b);
          const choice = { cpus: all, nodes, nodeCpus: nodes[0]?.cpus ?? [] };
          const chosen = cpus(strategy, count, choice);
          const load = (those: readonly number[]): number =>
            chosen.filter((cpu) => cpu !== undefined && those.includes(cpu)).length;
          const spread = (loads: number[]): number => Math.max(...loads) - Math.min(...loads);
          expect(
            spread((strategy === 'same-node' ? choice.nodeCpus : all).map((cpu) => load([cpu]))),
          ).toBeLessThanOrEqual(1);
          if (strategy === 'all-nodes')
            expect(spread(nodes.map((node) => load(node.cpus)))).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
