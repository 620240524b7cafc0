import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COMMAND_NAMES } from '../../../src/cli/commands.ts';
import { FLAG_NAMES } from '../../../src/cli/flags.ts';
import { parseInvocation } from '../../../src/cli/options.ts';
import { UsageError } from '../../../src/failure.ts';

const known = fc.constantFrom(...FLAG_NAMES.map((name) => `-${name}`), ...COMMAND_NAMES);
const syntax = fc.constantFrom(
  '-',
  '--',
  '---',
  '-=',
  '--=',
  '-h',
  '-version',
  '',
  '=',
  '-1',
  '--no-run',
  '-o',
);
const foreign = fc.string({ unit: 'binary' });
const word = fc.oneof(
  known,
  syntax,
  foreign,
  foreign.map((text) => `-${text}`),
  fc.tuple(known, foreign).map(([name, text]) => `${name}=${text}`),
);

it('whatever is typed is understood, or refused in one printable line of readable length', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      try {
        parseInvocation(argv, {});
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        expect(error.message).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
        expect(error.message.length).toBeLessThan(1500);
      }
    }),
    { numRuns: 2000 },
  );
});
