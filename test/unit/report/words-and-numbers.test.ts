import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadLevel, shortCount } from '../../../src/report/load.ts';
import { speaksUtf8 } from '../../../src/terminal/abilities.ts';
import { firstFew } from '../../../src/terminal/first-few.ts';
import { wrapped } from '../../../src/terminal/wrap.ts';

describe('counts', () => {
  it.each([
    [0, '0'],
    [0.2, '<1'],
    [0.7, '1'],
    [999, '999'],
    [999.6, '1.0k'],
    [1234, '1.2k'],
    [9949, '9.9k'],
    [9999, '10k'],
    [123_456, '123k'],
    [999_999, '1.0M'],
    [3_400_000, '3.4M'],
    [1e16, 'lots'],
  ])('%d is %s', (count, text) => expect(shortCount(count)).toBe(text));

  it('never takes more than four characters', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1e18, noNaN: true }), (n) => shortCount(n).length <= 4));
  });

  it.each([
    [0, 0],
    [0.5, 1],
    [99, 1],
    [100, 2],
    [1000, 3],
    [10_000, 4],
    [1e9, 4],
  ])('%d interrupts per second are load level %d', (rate, level) => expect(loadLevel(rate)).toBe(level));
});

describe('the locale', () => {
  it.each([
    [{}, false],
    [{ LANG: 'C' }, false],
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'en_US.utf8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, true],
    [{ LANG: 'C.UTF-8', LC_ALL: '' }, true],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
  ])('%o: UTF-8 %s', (environment, utf8) => expect(speaksUtf8(environment)).toBe(utf8));
});

describe('wrapping', () => {
  it('breaks at spaces and after commas', () => {
    expect(wrapped('one two,three four', 8)).toEqual(['one two,', 'three', 'four']);
  });

  it('loses nothing but spaces and never exceeds the width', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const lines = wrapped(text, width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  it.each([0, -1, -78])('takes one column at least, not %i', (width) => {
    expect(wrapped('ab c', width)).toEqual(['a', 'b', 'c']);
  });

  it('leaves words whole where they are to be copied', () => {
    const path = '/sys/fs/bpf/jmp_eth0,1';
    expect(wrapped(`is ${path} there`, 8, { whole: true })).toEqual(['is', path, 'there']);
    expect(wrapped('one two three', 7, { whole: true })).toEqual(['one two', 'three']);
    expect(wrapped('', 4, { whole: true })).toEqual(['']);
  });
});

describe('a long list', () => {
  it.each([
    [['a', 'b'], 2, 'a, b'],
    [['a', 'b', 'c', 'd'], 2, 'a, b and 2 more'],
    [[], 2, ''],
  ])('%j, the first %i: %s', (items, most, words) => expect(firstFew(items, most)).toBe(words));
});
