import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableLine, quoted } from '../../../src/terminal/printable.ts';

describe('a text from outside', () => {
  it.each([
    ['eth0', 'eth0'],
    ['Grüße, 東京 🐙', 'Grüße, 東京 🐙'],
    ['\x1b[2J', '\\x1b[2J'],
    ['a\nb\tc\0', 'a\\x0ab\\x09c\\x00'],
    ['\x7f\x9b31m', '\\x7f\\x9b31m'],
    ['user\u202egnp', 'user\\u202egnp'],
    ['\u2066x\u2069\u2028\u2029', '\\u2066x\\u2069\\u2028\\u2029'],
  ])('%j is shown as %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('never steers a terminal, breaks a line or turns the order of reading', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
      }),
    );
  });

  it('is cut after 200 characters, and says how many there were', () => {
    expect(printable('a'.repeat(200))).toBe('a'.repeat(200));
    expect(printable('a'.repeat(1_048_576))).toBe(`${'a'.repeat(200)}… (1048576 characters)`);
    expect(printable('abcdef', 3)).toBe('abc… (6 characters)');
  });

  it('is never cut inside a character', () => {
    expect(printable('🐙🐙🐙', 2)).toBe('🐙🐙… (3 characters)');
  });

  it('in quotes cannot end them', () => {
    expect(quoted('say "no"')).toBe('"say \\"no\\""');
    expect(quoted('a\x1bb')).toBe('"a\\x1bb"');
  });
});

describe('several lines as one', () => {
  it.each([
    ['one\ntwo', 'one two'],
    ['  one \r\n\r\n\t two\n', 'one two'],
    ['one\x1b[1m', 'one\\x1b[1m'],
    ['\n\n', ''],
  ])('%j is %j', (text, line) => {
    expect(printableLine(text)).toBe(line);
  });
});

/** The best of several, since another process may take the CPU in the middle of one. */
function best(work: () => void): number {
  const once = (): number => {
    const begin = performance.now();
    work();
    return performance.now() - begin;
  };
  return Math.min(once(), once(), once(), once(), once());
}

it.each([
  ['tabs', '\t'],
  ['line feeds', '\n'],
  ['blanks between letters', 'a  '],
  ['escapes', '\x1b'],
])('forty times as many %s take some forty times as long, not sixteen hundred times', (_what, unit) => {
  const time = (count: number): number => best(() => printableLine(`x${unit.repeat(count)}x`, count * 4));
  const small = Math.max(time(20_000), 0.2);
  expect(time(800_000) / small).toBeLessThan(500);
});
