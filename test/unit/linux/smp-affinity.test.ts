import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/failure.ts';
import { KernelFileError } from '../../../src/linux/root.ts';
import {
  formatAffinityMask,
  parseAffinityMask,
  readAffinity,
  readEffectiveAffinity,
  writeAffinity,
} from '../../../src/linux/smp-affinity.ts';
import { madeRoot, thrownBy } from './made-root.ts';

describe('formatAffinityMask', () => {
  it.each([
    [[0], 3, '00000001'],
    [[0, 1, 2], 3, '00000007'],
    [[7], 8, '00000080'],
    [[31], 32, '80000000'],
    [[32], 33, '00000001,00000000'],
    [[39], 40, '00000080,00000000'],
    [[0, 39], 40, '00000080,00000001'],
    [[0], 64, '00000000,00000001'],
    [[64], 65, '00000001,00000000,00000000'],
    [[], 8, '00000000'],
  ])('of CPUs %j among %d possible ones', (cpus, possible, mask) =>
    expect(formatAffinityMask(cpus, possible)).toBe(mask),
  );

  it.each([[8], [-1], [1.5], [Number.NaN]])('refuses CPU %d of 8 (the kernel would say EOVERFLOW)', (cpu) => {
    expect(() => formatAffinityMask([cpu], 8)).toThrow(Failure);
    expect(() => formatAffinityMask([cpu], 8)).toThrow('this host has CPUs 0 to 7');
  });

  it('is read back as the same CPUs, in exactly as many words as the kernel has', () => {
    const cpusAndPossible = fc
      .integer({ min: 1, max: 10_000 })
      .chain((possible) => fc.tuple(fc.uniqueArray(fc.nat(possible - 1)), fc.constant(possible)));
    fc.assert(
      fc.property(cpusAndPossible, ([cpus, possible]) => {
        const mask = formatAffinityMask(cpus, possible);
        expect(parseAffinityMask(mask)).toEqual([...cpus].sort((a, b) => a - b));
        expect(mask.split(',')).toHaveLength(Math.ceil(possible / 32));
      }),
    );
  });
});

describe('parseAffinityMask', () => {
  it.each([
    ['1', [0]],
    ['ff\n', [0, 1, 2, 3, 4, 5, 6, 7]],
    ['00ff', [0, 1, 2, 3, 4, 5, 6, 7]],
    ['80,00000000', [39]],
    ['FF000000', [24, 25, 26, 27, 28, 29, 30, 31]],
    ['0', []],
    ['00000000,00000000', []],
  ])('reads %j', (mask, cpus) => expect(parseAffinityMask(mask)).toEqual(cpus));

  it.each([[''], ['0x1'], ['g'], ['1,,1'], ['000000001'], ['1 2'], ['1,'], ['\u0000'], [',']])(
    'refuses %j',
    (mask) => {
      const error = thrownBy(() => parseAffinityMask(mask, '/proc/irq/7/smp_affinity'));
      expect(error).toBeInstanceOf(KernelFileError);
      expect(error).toMatchObject({ path: '/proc/irq/7/smp_affinity' });
      expect(String(error)).toContain('/proc/irq/7/smp_affinity, line 1');
    },
  );

  it('refuses more words than any kernel has', () => {
    expect(() => parseAffinityMask(Array.from({ length: 2049 }, () => '0').join(','))).toThrow(
      'at most 2048 words',
    );
  });

  it('gives CPUs or a KernelFileError, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('0', '1', 'f', 'F', ',', 'x', '\r', '\n', '\0') }),
    );
    fc.assert(
      fc.property(text, (mask) => {
        try {
          expect(parseAffinityMask(mask).every(Number.isInteger)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelFileError);
        }
      }),
    );
  });
});

describe('the files of /proc/irq/N', () => {
  it('reads the mask as it is, without its newline', () => {
    expect(readAffinity(madeRoot({ files: { '/proc/irq/9/smp_affinity': 'ff\n' } }), 9)).toBe('ff');
  });

  it('says which file is missing when the IRQ is gone', () => {
    const root = madeRoot({});
    expect(thrownBy(() => readAffinity(root, 9))).toMatchObject({
      code: 'ENOENT',
      path: root.hostPath('/proc/irq/9/smp_affinity'),
    });
  });

  it('takes the effective CPUs from the list', () => {
    const root = madeRoot({
      files: {
        '/proc/irq/9/effective_affinity_list': '0,39\n',
        '/proc/irq/9/effective_affinity': '80,00000001\n',
      },
    });
    expect(readEffectiveAffinity(root, 9)).toEqual([0, 39]);
  });

  it('takes the effective CPUs from the mask where there is no list', () => {
    expect(
      readEffectiveAffinity(madeRoot({ files: { '/proc/irq/9/effective_affinity': '80,00000001\n' } }), 9),
    ).toEqual([0, 39]);
  });

  it('knows no effective CPUs on kernels without these files', () => {
    expect(readEffectiveAffinity(madeRoot({}), 9)).toBeUndefined();
  });

  it('knows of an interrupt that has no effective CPU yet', () => {
    expect(
      readEffectiveAffinity(madeRoot({ files: { '/proc/irq/9/effective_affinity_list': '\n' } }), 9),
    ).toEqual([]);
  });

  it.each([['effective_affinity_list'], ['effective_affinity']])('names a malformed %s', (name) => {
    const root = madeRoot({ files: { [`/proc/irq/9/${name}`]: 'nonsense\n' } });
    expect(thrownBy(() => readEffectiveAffinity(root, 9))).toMatchObject({
      path: root.hostPath(`/proc/irq/9/${name}`),
    });
  });

  it('writes the mask and nothing else', () => {
    const root = madeRoot({ files: { '/proc/irq/19/smp_affinity': 'ffffffff,ffffffff\n' } });
    writeAffinity(root, 19, '00000001');
    expect(fs.readFileSync(root.hostPath('/proc/irq/19/smp_affinity'), 'utf8')).toBe('00000001');
  });

  it('does not make a file for an IRQ that is gone', () => {
    const root = madeRoot({ directories: ['/proc/irq/19'] });
    expect(thrownBy(() => writeAffinity(root, 19, '00000001'))).toMatchObject({ code: 'ENOENT' });
    expect(root.list('/proc/irq/19')).toEqual([]);
  });
});
