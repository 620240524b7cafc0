import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AffinityPlan } from '../../../../src/affinity/types.ts';
import { adoptPlan, guardedVectors, wantedVectors } from '../../../../src/affinity/guard/wanted.ts';
import { formatAffinityMask, parseAffinityMask } from '../../../../src/linux/smp-affinity.ts';
import { LiveMachine } from '../../../support/live-machine.ts';

const CPUS = 16;

/**
 * The planner's plan for vectors of which the i-th, `30 + i` by number, is on the i-th of these CPUs: it keeps them there.
 * Then called one of another strategy, where it does not matter to the test how vectors came to their CPUs.
 */
function plan(
  cpus: readonly number[],
  { online, prefix = 'eth0-TxRx' }: { online?: readonly number[]; prefix?: string } = {},
): AffinityPlan {
  const machine = new LiveMachine({ cpus: CPUS, vectors: 0 });
  try {
    if (online !== undefined) machine.online(online.join(','));
    machine.vectors(
      cpus.map((cpu, i) => ({
        irq: 30 + i,
        name: `${prefix}-${i}`,
        mask: formatAffinityMask([cpu], CPUS),
      })),
    );
    return { ...machine.plan({ strategy: 'keep' }), strategy: 'sequential' };
  } finally {
    machine.remove();
  }
}

const cpu = fc.integer({ min: 0, max: CPUS - 1 });
const queues = fc.array(cpu, { minLength: 1, maxLength: 24 });

test('the same plan again changes nothing', () => {
  fc.assert(
    fc.property(queues, (cpus) => {
      const same = plan(cpus);
      const before = guardedVectors(same);
      expect(adoptPlan(before, same, same.forwardingCores)).toEqual({
        ...before,
        gone: [],
        outOfUse: [],
        added: [],
        intoUse: [],
        moved: [],
        missingCores: [],
      });
    }),
  );
});

test('every vector belongs to an online core that katran knows, as long as one is online; the mask is that core', () => {
  const someOnline = fc.uniqueArray(cpu, { minLength: 1 }).map((cpus) => cpus.sort((a, b) => a - b));
  fc.assert(
    fc.property(queues, queues, someOnline, (first, second, online) => {
      const before = plan(first);
      const after = plan(
        second.map((i) => online[i % online.length] ?? 0),
        { online },
      );
      const given = before.forwardingCores;
      const { wanted } = adoptPlan(guardedVectors(before), after, given);
      expect(wanted.map(({ irq }) => irq)).toEqual(after.vectors.map(({ irq }) => irq));
      for (const vector of wanted) {
        expect(online).toContain(vector.cpu);
        expect(parseAffinityMask(vector.mask)).toEqual([vector.cpu]);
        if (given.some((core) => online.includes(core))) expect(given).toContain(vector.cpu);
      }
    }),
  );
});

test('a plan that needs no other cores is taken as it is', () => {
  fc.assert(
    fc.property(queues, queues, (first, second) => {
      const before = plan(first);
      const after = plan(second.map((i) => before.forwardingCores[i % before.forwardingCores.length] ?? 0));
      const { wanted, missingCores } = adoptPlan(guardedVectors(before), after, before.forwardingCores);
      expect(wanted).toEqual(wantedVectors(after));
      expect(missingCores).toEqual([]);
    }),
  );
});

test('gone, new and moved vectors, and the cores that are missing, ascending', () => {
  const before = plan([0, 1, 2]);
  const after = plan([0, 2, 5, 4]);
  const result = adoptPlan(guardedVectors(before), after, [0, 1, 2]);
  expect(result.missingCores).toEqual([4, 5]);
  expect(result.gone).toEqual([]);
  expect(result.added.map(({ irq }) => irq)).toEqual([33]);
  expect(result.moved.map(({ irq }) => irq)).toEqual([31]);
  expect(result.wanted.map(({ cpu: core }) => core)).toEqual([0, 2, 2, 0]);
});

test('another name is another vector', () => {
  const { gone, added } = adoptPlan(
    guardedVectors(plan([0, 1])),
    plan([0, 1], { prefix: 'eth0-rx' }),
    [0, 1],
  );
  expect(gone.map(({ name }) => name)).toEqual(['eth0-TxRx-0', 'eth0-TxRx-1']);
  expect(added.map(({ name }) => name)).toEqual(['eth0-rx-0', 'eth0-rx-1']);
});

test('an IRQ that two members share belongs where it was written last', () => {
  const shared = plan([0, 3]);
  const vectors = shared.vectors.map((vector) => ({ ...vector, irq: 30 }));
  expect(wantedVectors({ ...shared, vectors })).toEqual([
    { irq: 30, name: 'eth0-TxRx-1', cpu: 3, mask: '00000008' },
  ]);
});

test('keep: a vector that is still there stays where it was, a new one where it is', () => {
  const keep = (cpus: readonly number[]): AffinityPlan => ({ ...plan(cpus), strategy: 'keep' });
  const { wanted, missingCores } = adoptPlan(guardedVectors(keep([1, 2])), keep([5, 2, 6]), [1, 2]);
  expect(wanted.map((vector) => vector.cpu)).toEqual([1, 2, 6]);
  expect(missingCores).toEqual([6]);
});
