import { expect } from 'vitest';
import type { Masks, Observation } from './inside/observation.ts';

/** What was seen in a guest, by name. */
export type Seen = ReadonlyMap<string, Observation>;

export function observation(seen: Seen, name: string): Observation {
  const one = seen.get(name);
  if (one === undefined) throw new Error(`the guest made no observation '${name}'`);
  return one;
}

/** The interrupt called `action` when the program started. */
export function irq(one: Observation, action: string): string {
  const number = one.irqs[action];
  if (number === undefined) throw new Error(`${one.name}: the guest had no interrupt ${action}`);
  return number;
}

/** CPUs of vectors: `{ 'eth1-rxtx-#': [0, 4] }` puts eth1-rxtx-0 on CPU 0 and eth1-rxtx-1 on CPU 4. */
export type Pins = Readonly<Record<string, readonly number[]>>;

function named(pins: Pins): [action: string, cpu: number][] {
  return Object.entries(pins).flatMap(([pattern, cpus]) =>
    cpus.map((cpu, index): [string, number] => [pattern.replace('#', String(index)), cpu]),
  );
}

/** `masks` but for the vectors of `pins`, which are on their CPUs; `maskOf[cpu]` as the kernel writes it. */
export function withPins(one: Observation, masks: Masks, pins: Pins, maskOf: readonly string[]): Masks {
  const changed = named(pins).map(([action, cpu]) => [irq(one, action), maskOf[cpu] ?? `no CPU ${cpu}`]);
  return { ...masks, ...(Object.fromEntries(changed) as Masks) };
}

/** Every interrupt of the machine has the mask it had before, those of `pins` the one of their CPU; all writes were announced. */
export function expectWritten(one: Observation, pins: Pins, maskOf: readonly string[]): void {
  expect(one.after).toEqual(withPins(one, one.before, pins, maskOf));
  expect(announced(one.stderr)).toEqual(
    named(pins)
      .map(
        ([action, cpu]) =>
          `affinitizing irq ${irq(one, action)} to cpu ${cpu} mask ${asWritten(maskOf[cpu])}`,
      )
      .sort(),
  );
}

/** Full words, as the program says a mask: 1 → 00000001, 80,00000000 → 00000080,00000000. */
function asWritten(mask = ''): string {
  const words = mask.split(',');
  return words.map((word) => word.padStart(8, '0')).join(',');
}

/** The writes that the log announces, without the time, sorted. */
export function announced(stderr: string): string[] {
  return [...stderr.matchAll(/affinitizing irq \d+ to cpu \d+ mask [0-9a-f,]+$/gm)]
    .map(([line]) => line)
    .sort();
}

/** No mask of the machine has changed. */
export function expectUntouched(one: Observation): void {
  expect(one.after).toEqual(one.before);
}

/** The program failed as it should: status 1 and one line, without a stack trace, that has all of `words`. */
export function expectRefusal(one: Observation, ...words: readonly string[]): void {
  expect(one.status).toBe(1);
  const message = one.stderr.trimEnd().split('\n').at(-1) ?? '';
  for (const word of words) expect(message).toContain(word);
  expect(one.stderr).not.toMatch(/^\s+at /m);
}

/** The element of katran's arguments for `flag` on stdout, '' when there is none. */
export function katranArgument(one: Observation, flag: string): string {
  return new RegExp(`(?:^|\\s)-${flag}=(\\S*)`, 'm').exec(one.stdout)?.[1] ?? '';
}
