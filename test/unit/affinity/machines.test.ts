import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanRequest } from '../../../src/affinity/plan.ts';
import type { AffinityPlan, Strategy } from '../../../src/affinity/types.ts';
import { readTopology } from '../../../src/linux/cpu-topology.ts';
import { readInterrupts } from '../../../src/linux/interrupts.ts';
import { listNetDevices } from '../../../src/linux/net-device.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { copyMachine, expectedOf, listMachines } from '../../support/machines.ts';
import { planOf } from '../../support/plan-of.ts';

const STRATEGY: Readonly<Record<string, { strategy: Strategy; numaNode: number | 'nic' }>> = {
  sequential: { strategy: 'sequential', numaNode: 0 },
  'same-node': { strategy: 'same-node', numaNode: 0 },
  'same-node:nic': { strategy: 'same-node', numaNode: 'nic' },
  'all-nodes': { strategy: 'all-nodes', numaNode: 0 },
  keep: { strategy: 'keep', numaNode: 0 },
};

// The expectations are worked out without the program: the vectors by hand, the plans by test/machines/expect.py.
describe.each(listMachines())('on %s', (machine) => {
  let directory: string;
  let host: Pick<PlanRequest, 'root' | 'topology' | 'interrupts'>;
  beforeAll(() => {
    directory = copyMachine(machine);
    const root = openRoot(directory);
    host = { root, topology: readTopology(root), interrupts: readInterrupts(root) };
  });
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

  const plan = (interfaceName: string, name: string): AffinityPlan => {
    const how = STRATEGY[name];
    if (how === undefined) throw new Error(`test/machines has an unknown strategy ${name}`);
    return planOf(directory, { ...host, interfaceName, ...how });
  };

  const interfaces = expectedOf(machine);

  it('has an expectation for every interface', () => {
    expect(Object.keys(interfaces).sort()).toEqual(listNetDevices(host.root).sort());
  });

  for (const [name, expected] of Object.entries(interfaces)) {
    if (expected.error !== undefined) {
      const { error } = expected;
      it(`${name}: nothing to plan, and the error says why`, () => {
        expect(() => plan(name, 'all-nodes')).toThrow(error);
        expect(() => plan(name, 'all-nodes')).toThrow('-forwarding_cores');
      });
      continue;
    }
    const members = expected.members ?? [name];
    const vectors = members.flatMap((member) =>
      (interfaces[member]?.vectors ?? []).map((vector) => [member, ...vector]),
    );

    it(`${name}: vectors`, () => {
      const found = plan(name, 'all-nodes').vectors;
      expect(found.map((v) => [v.nic, v.irq, v.name, v.idle ? 'idle' : v.role, v.queue])).toEqual(vectors);
    });

    it.each(Object.keys(STRATEGY))(`${name}: %s`, (strategy) => {
      const wanted = expected.plans?.[strategy];
      if (wanted === undefined) throw new Error(`test/machines lacks ${name} ${strategy}`);
      if ('error' in wanted) {
        expect(() => plan(name, strategy)).toThrow(wanted.error);
        return;
      }
      const found = plan(name, strategy);
      expect({
        vectors: found.vectors.filter((v) => v.cpu !== null).map((v) => [v.irq, v.cpu, v.mask]),
        cores: found.forwardingCores,
        nodes: found.numaNodes,
        warnings: found.warnings.map((warning) => warning.code).sort(),
      }).toEqual({
        ...wanted,
        warnings: [...wanted.warnings, ...(expected.discoveryWarnings ?? [])].sort(),
      });
    });
  }
});
