import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyPlan } from '../../../../src/affinity/masks/apply.ts';
import { startGuard } from '../../../../src/affinity/guard/guard.ts';
import type { GuardMode } from '../../../../src/affinity/guard/guard.ts';
import { LiveMachine } from '../../../support/live-machine.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { TurnedClock } from './turned-clock.ts';

const CPUS = 8;
const VECTORS = 4;

/** Someone writes a mask, and some time passes. */
const moves = fc.array(
  fc.record({
    irq: fc.integer({ min: 30, max: 30 + VECTORS - 1 }),
    mask: fc.integer({ min: 1, max: 2 ** CPUS - 1 }).map((bits) => bits.toString(16).padStart(8, '0')),
    wait: fc.integer({ min: 0, max: 12_000 }),
    look: fc.boolean(),
  }),
  { maxLength: 30 },
);

type Move = (typeof moves extends fc.Arbitrary<infer T> ? T : never)[number];

function watched(
  mode: GuardMode,
  sequence: readonly Move[],
  after: (world: {
    machine: LiveMachine;
    clock: TurnedClock;
    log: ReturnType<typeof recordingLog>;
    wanted: Record<number, string>;
  }) => void,
  during: (world: { machine: LiveMachine; move: Move; looked: boolean }) => void = () => undefined,
): void {
  const machine = new LiveMachine({ cpus: CPUS, vectors: VECTORS });
  const clock = new TurnedClock();
  const log = recordingLog();
  const plan = machine.plan();
  applyPlan(machine.root, plan, { log: recordingLog() });
  const wanted = machine.masks();
  const guard = startGuard({
    root: machine.root,
    plan,
    mode,
    log,
    replan: () => machine.plan(),
    planFlags: '-intf eth0',
    coresGiven: plan.forwardingCores,
    clock,
  });
  try {
    for (const move of sequence) {
      machine.setMask(move.irq, move.mask);
      if (move.look) guard.checkNow();
      during({ machine, move, looked: move.look });
      clock.turn(move.wait);
    }
    after({ machine, clock, log, wanted });
  } finally {
    guard.stop();
    machine.remove();
  }
}

const givenUpOn = (lines: readonly string[]): Set<number> =>
  new Set(
    lines
      .filter((line) => line.startsWith('giving up'))
      .flatMap((line) => [...line.matchAll(/irq (\d+)/g)].map((match) => Number(match[1]))),
  );

test('repair: whatever is moved, the end is the plan, but for IRQs that were given up on', () => {
  fc.assert(
    fc.property(moves, (sequence) => {
      watched('repair', sequence, ({ machine, clock, log, wanted }) => {
        clock.turn(10_000);
        const lost = givenUpOn(log.of('warn'));
        for (const [irq, mask] of Object.entries(machine.masks())) {
          if (!lost.has(Number(irq))) expect(mask).toBe(wanted[Number(irq)]);
        }
      });
    }),
    { numRuns: 150 },
  );
});

test('repair: never more than five writes of an IRQ in a minute but when somebody asks, and giving up only after five', () => {
  const storm = fc.array(moves, { minLength: 1, maxLength: 4 }).map((parts) => parts.flat());
  fc.assert(
    fc.property(storm, (sequence) => {
      watched('repair', sequence, ({ log }) => {
        const minutes = sequence.reduce((sum, { wait }) => sum + wait, 0) / 60_000;
        for (let irq = 30; irq < 30 + VECTORS; irq += 1) {
          const writes = log.of('info').filter((line) => line.startsWith(`affinitizing irq ${irq} `)).length;
          const asked = sequence.filter(({ look }) => look).length;
          expect(writes).toBeLessThanOrEqual(5 * (Math.floor(minutes) + 1) + asked);
          if (givenUpOn(log.of('warn')).has(irq)) expect(writes).toBeGreaterThanOrEqual(5);
        }
      });
    }),
    { numRuns: 100 },
  );
});

test('warn: nothing is ever written, and each change that is seen is told exactly once', () => {
  fc.assert(
    fc.property(moves, (sequence) => {
      const told = new Map<number, string>();
      let changes = 0;
      const everyMoveIsSeen = sequence.map((move) => ({ ...move, look: true }));
      const planned: Record<number, string> = {
        30: '00000001',
        31: '00000002',
        32: '00000004',
        33: '00000008',
      };
      watched(
        'warn',
        everyMoveIsSeen,
        ({ log, clock, machine }) => {
          clock.turn(60_000);
          expect(log.of('warn')).toHaveLength(changes);
          for (const [irq, mask] of told) expect(machine.mask(irq)).toBe(mask);
        },
        ({ machine, move }) => {
          expect(machine.mask(move.irq)).toBe(move.mask);
          if (move.mask !== planned[move.irq] && told.get(move.irq) !== move.mask) changes += 1;
          told.set(move.irq, move.mask);
        },
      );
    }),
    { numRuns: 100 },
  );
});
