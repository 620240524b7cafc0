import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFallbackWatch } from '../../../../src/affinity/guard/fallback-watch.ts';
import type { FallbackWatch } from '../../../../src/affinity/guard/fallback-watch.ts';
import { LiveMachine } from '../../../support/live-machine.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { TurnedClock } from './turned-clock.ts';

let machine: LiveMachine;
let log: ReturnType<typeof recordingLog>;
let clock: TurnedClock;
let counter: bigint | number | Error;
let watch: FallbackWatch;

beforeEach(async () => {
  machine = new LiveMachine({ cpus: 4, vectors: 2 });
  log = recordingLog();
  clock = new TurnedClock();
  counter = 1000n;
  watch = startFallbackWatch({
    readFallback: () => (counter instanceof Error ? Promise.reject(counter) : Promise.resolve(counter)),
    root: machine.root,
    plan: machine.plan({ cpus: [0, 1] }),
    log,
    clock,
  });
  await watch.checkNow();
});
afterEach(() => {
  watch.stop();
  machine.remove();
});

/** Ten seconds later, with the counter at `value`. */
async function tenSecondsLater(value: bigint | number | Error): Promise<void> {
  counter = value;
  clock.turn(10_000);
  await watch.checkNow();
}

test('what was counted before the watch began is no news', () => {
  expect(log.lines).toEqual([]);
});

test('growth: packets per second and the CPUs that took NIC interrupts without being forwarding cores, busiest first', async () => {
  machine.interrupt(30, 0, 5000);
  machine.interrupt(30, 2, 100);
  machine.interrupt(31, 3, 2000);
  machine.interrupt(30, 3, 500);
  await tenSecondsLater(21_000n);
  expect(log.lines).toEqual([
    "warn: 2000 packets per second missed katran's connection tables and went to its small fallback table in the last 10 s: " +
      'NIC interrupts were taken by cpu 3 (250 per second), cpu 2 (10 per second), not a forwarding core (cpus 0-1); ' +
      "'start-katran status' shows which",
  ]);
});

test('no growth, no word', async () => {
  machine.interrupt(30, 3, 500);
  await tenSecondsLater(1000n);
  expect(log.lines).toEqual([]);
});

test('only the last ten seconds count', async () => {
  machine.interrupt(30, 3, 500);
  await tenSecondsLater(1000n);
  machine.interrupt(31, 2, 40);
  await tenSecondsLater(1100n);
  expect(log.of('warn')).toEqual([
    expect.stringMatching(/^10 packets per second .* taken by cpu 2 \(4 per second\), not/),
  ]);
});

test('interrupts of other devices are not the NIC’s', async () => {
  machine.vector(50, 'nvme0q3');
  await tenSecondsLater(1000n);
  machine.interrupt(50, 3, 100_000);
  await tenSecondsLater(2000n);
  expect(log.of('warn')).toEqual([
    expect.stringContaining('no NIC interrupt was taken outside the forwarding cores (cpus 0-1)'),
  ]);
});

test('a counter that went down is a new katran: a new beginning', async () => {
  await tenSecondsLater(5n);
  expect(log.lines).toEqual([]);
  await tenSecondsLater(25n);
  expect(log.of('warn')).toEqual([expect.stringMatching(/^2 packets per second/)]);
});

test('numbers are as good as bigints, and beyond 2^53 nothing is lost', async () => {
  await tenSecondsLater(2n ** 63n);
  await tenSecondsLater(2n ** 63n + 10n);
  expect(log.of('warn').at(-1)).toMatch(/^1 packets per second/);
  await tenSecondsLater(0);
  await tenSecondsLater(3);
  expect(log.of('warn').at(-1)).toMatch(/^less than 1 packet per second/);
});

test('katran that does not answer twice, so that it is not just dying: one warning, then it goes on, and the rate covers the gap', async () => {
  await tenSecondsLater(new Error('14 UNAVAILABLE'));
  expect(log.of('warn')).toEqual([]);
  await tenSecondsLater(new Error('14 UNAVAILABLE'));
  expect(log.of('warn')).toEqual([
    "cannot read katran's fallback table statistics: 14 UNAVAILABLE; trying on",
  ]);
  await tenSecondsLater(1300n);
  expect(log.of('warn').at(-1)).toMatch(/^10 packets per second .* in the last 30 s/);
  await tenSecondsLater(new Error('14 UNAVAILABLE'));
  expect(log.of('warn')).toHaveLength(2);
});

test('/proc/interrupts that cannot be read takes the CPUs from the warning, not the warning', async () => {
  machine.file('proc/interrupts', 'nonsense');
  await tenSecondsLater(2000n);
  expect(log.of('warn')).toEqual([
    expect.stringMatching(/^100 packets per second .*packets arrive on other CPUs than/),
  ]);
});

test('so does a counter that is no number', async () => {
  const wide = new LiveMachine({ cpus: 12, vectors: 1 });
  let packets = 0n;
  const damaged = startFallbackWatch({
    readFallback: () => Promise.resolve((packets += 1000n)),
    root: wide.root,
    plan: wide.plan({ cpus: [0] }),
    log,
    clock,
  });
  await damaged.checkNow();
  wide.interrupt(30, 5, 77_777);
  const interrupts = fs.readFileSync(path.join(wide.path, 'proc/interrupts'), 'utf8');
  wide.file('proc/interrupts', interrupts.replace('77777', '7x777'));
  clock.turn(10_000);
  await damaged.checkNow();
  damaged.stop();
  wide.remove();
  expect(log.of('warn')).toEqual([
    expect.stringMatching(
      /^100 packets per second .*: packets arrive on other CPUs than the forwarding cores \(cpu 0\)$/,
    ),
  ]);
});

test('a reading that hangs is not overtaken by another, and its answer after the stop says nothing', async () => {
  let asked = 0;
  let answer: (value: bigint) => void = () => undefined;
  const slow = startFallbackWatch({
    readFallback: () => {
      asked += 1;
      return asked === 1 ? Promise.resolve(0n) : new Promise((resolve) => (answer = resolve));
    },
    root: machine.root,
    plan: machine.plan(),
    log,
    clock,
  });
  await slow.checkNow();
  clock.turn(50_000);
  expect(asked).toBe(2);
  const underWay = slow.checkNow();
  slow.stop();
  answer(9_000_000n);
  await underWay;
  expect(log.lines).toEqual([]);
});

test('stop leaves no timer', () => {
  watch.stop();
  expect(clock.timerCount).toBe(0);
});

test('the vectors of now can be handed in', async () => {
  const renamed = startFallbackWatch({
    readFallback: () => Promise.resolve(counter instanceof Error ? 0 : counter),
    root: machine.root,
    plan: machine.plan({ cpus: [0, 1] }),
    vectors: () => [{ irq: 60, name: 'eth0-rx-0' }],
    log,
    clock,
  });
  machine.vector(60, 'eth0-rx-0');
  await tenSecondsLater(1000n);
  await renamed.checkNow();
  machine.interrupt(60, 2, 10);
  counter = 1100n;
  clock.turn(10_000);
  await renamed.checkNow();
  renamed.stop();
  expect(log.of('warn').some((line) => line.includes('taken by cpu 2 (1 per second)'))).toBe(true);
});

test('without vectors (-forwarding_cores) nothing is claimed about the interrupts of the NIC', async () => {
  let packets = 0n;
  const unknowing = startFallbackWatch({
    readFallback: () => Promise.resolve((packets += 1000n)),
    root: machine.root,
    plan: machine.plan({ forwardingCores: [0, 1] }),
    vectors: () => [],
    log,
    clock,
  });
  await unknowing.checkNow();
  clock.turn(10_000);
  await unknowing.checkNow();
  unknowing.stop();
  expect(log.of('warn')).toEqual([
    expect.stringMatching(
      /: packets arrive on other CPUs than the forwarding cores \(cpus 0-1\); the NIC's interrupts are unknown, because -forwarding_cores was given/,
    ),
  ]);
});
