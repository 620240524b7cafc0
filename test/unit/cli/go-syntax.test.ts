import { describe, expect, it } from 'vitest';
import { rewriteGoSyntax } from '../../../src/cli/go-syntax.ts';

const flags = (...argv: string[]): readonly string[] => rewriteGoSyntax(argv).flags;

describe('flags in Go syntax', () => {
  it.each([
    [['-lru_size', '5'], ['--lru_size=5']],
    [['--lru_size', '5'], ['--lru_size=5']],
    [['-lru-size=5'], ['--lru_size=5']],
    [['--lru-size=5'], ['--lru_size=5']],
    [['-map_path='], ['--map_path=']],
    [['-map_path', ''], ['--map_path=']],
    [['-map_path=a=b'], ['--map_path=a=b']],
    [['-map_path', 'two words'], ['--map_path=two words']],
    [['-priority', '-5'], ['--priority=-5']],
    [['-map_path', '-run'], ['--map_path=-run']],
    [['-run'], ['--run=true']],
    [['-run=false'], ['--run=false']],
    [
      ['-run', '-affinitize'],
      ['--run=true', '--affinitize=true'],
    ],
    [['-affinitize-only'], ['--affinitize_only=true']],
  ])('%j is %j', (argv, expected) => {
    expect(flags(...argv)).toEqual(expected);
  });

  it('leaves everything after -- to katran, also what looks like a flag', () => {
    expect(rewriteGoSyntax(['-run', '--', '-run=false', '--', 'x y'])).toMatchObject({
      flags: ['--run=true'],
      verbatim: ['-run=false', '--', 'x y'],
    });
  });

  it('takes a value even if it is -h', () => {
    expect(rewriteGoSyntax(['-map_path', '-h'])).toMatchObject({ flags: ['--map_path=-h'], help: false });
  });

  it.each(['-h', '-help', '--help', '--h'])('%s asks for the usage', (word) => {
    expect(rewriteGoSyntax(['-run', word]).help).toBe(true);
    expect(rewriteGoSyntax([word, 'doctor', '-intf']).help).toBe(true);
    expect(rewriteGoSyntax(['-bogus', '5', word]).help).toBe(true);
  });

  it.each(['-version', '--version'])('%s is the word version', (word) => {
    expect(rewriteGoSyntax(['-run', word, 'and', 'more'])).toMatchObject({ first: 'version', words: [] });
  });

  it('keeps apart the first word, the other words and the flags', () => {
    expect(rewriteGoSyntax(['services', '-json', 'restore', '-intf', 'x', '-'])).toMatchObject({
      first: 'services',
      words: ['restore', '-'],
      flags: ['--json=true', '--intf=x'],
    });
    expect(rewriteGoSyntax(['-json', 'status'])).toMatchObject({ first: undefined, words: ['status'] });
  });

  it.each([
    [['-run', 'true'], 'unexpected argument "true": -run takes no separate value, write -run=true'],
    [['-=', '-dry_run'], '"-=" is no flag'],
    [['--=x'], '"--=x" is no flag'],
    [['-foo\nbar'], '"-foo\\x0abar" is no flag'],
    [['-lru_size'], 'flag -lru_size needs a value: it takes a whole number, 1 or more'],
  ])('%j is refused', (argv, message) => {
    expect(() => rewriteGoSyntax(argv)).toThrow(message);
  });
});
