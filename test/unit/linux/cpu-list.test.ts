import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { CpuListError, formatCpuList, parseCpuList } from '../../../src/linux/cpu-list.ts';

describe('parseCpuList', () => {
  it.each([
    ['', []],
    ['\n', []],
    ['0\n', [0]],
    ['0-3,8\n', [0, 1, 2, 3, 8]],
    ['0-2,4-5,7', [0, 1, 2, 4, 5, 7]],
    ['8,0-1', [0, 1, 8]],
    ['1-3,2-4,3', [1, 2, 3, 4]],
    ['5-5', [5]],
    ['65535', [65535]],
    ['0-1\r\n', [0, 1]],
  ])('reads %j', (text, cpus) => expect(parseCpuList(text)).toEqual(cpus));

  it.each([
    ['a', '"a" is not a CPU'],
    ['1,,2', '"" is not a CPU'],
    ['1,', '"" is not a CPU'],
    ['-1', '"-1" is not a CPU'],
    ['1-', '"1-" is not a CPU'],
    ['1-2-3', '"1-2-3" is not a CPU'],
    ['0x1', '"0x1" is not a CPU'],
    ['1 2', '"1 2" is not a CPU'],
    ['1\u00002', '"1\\u00002" is not a CPU'],
    ['(null)', '"(null)" is not a CPU'],
    ['3-1', '"3-1" runs backwards'],
    ['65536', '"65536" is above 65535'],
    ['0-99999999999999999999', 'is above 65535'],
  ])('refuses %j and says which part', (text, message) => {
    expect(() => parseCpuList(text)).toThrow(CpuListError);
    expect(() => parseCpuList(text)).toThrow(message);
  });

  it('is a foreseeable failure, of one line, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          const cpus = parseCpuList(text);
          expect(cpus).toEqual([...new Set(cpus)].sort((a, b) => a - b));
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          expect(String(error)).toMatch(/^[\x20-\x7e…]+$/);
        }
      }),
    );
  });

  it('spells overlapping ranges out once, so that a long list of them takes no longer than its CPUs', () => {
    const cpus = parseCpuList(Array.from({ length: 50_000 }, () => '0-65535').join(','));
    expect(cpus).toHaveLength(65_536);
  });
});

describe('formatCpuList', () => {
  it.each([
    [[], ''],
    [[0], '0'],
    [[0, 1], '0-1'],
    [[8, 3, 2, 1, 0, 3], '0-3,8'],
    [[0, 2, 4], '0,2,4'],
  ])('writes %j', (cpus, text) => expect(formatCpuList(cpus)).toBe(text));

  it('is read back as the same CPUs', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(65_535)), (cpus) => {
        expect(parseCpuList(formatCpuList(cpus))).toEqual([...cpus].sort((a, b) => a - b));
      }),
    );
  });

  it('writes 10,000 CPUs', () => {
    expect(formatCpuList(Array.from({ length: 10_000 }, (_, i) => i))).toBe('0-9999');
  });
});
