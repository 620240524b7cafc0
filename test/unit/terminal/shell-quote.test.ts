import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellLine, shellQuote } from '../../../src/terminal/shell-quote.ts';

describe('an argument as a shell has to see it', () => {
  it.each([
    ['-intf=eth0', '-intf=eth0'],
    ['-map_path=', '-map_path='],
    ['-server=[::1]:50051', '-server=[::1]:50051'],
    ['-map_path=/a b', "'-map_path=/a b'"],
    ["it's", "'it'\\''s'"],
    ['', "''"],
    ['$(reboot)', "'$(reboot)'"],
  ])('%j is %s', (argument, quoted) => {
    expect(shellQuote(argument)).toBe(quoted);
  });

  it('comes out of a real shell as it went in', () => {
    const argument = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (argv) => {
        const out = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shellLine(argv)}`], {
          encoding: 'utf8',
          cwd: '/proc/self',
        });
        expect(out.split('\0').slice(0, -1)).toEqual(argv);
      }),
      { numRuns: 60 },
    );
  });
});
