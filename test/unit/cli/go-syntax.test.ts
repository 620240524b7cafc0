import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/failure.ts';
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

  it.each(['-version', '--version'])('%s asks for the version', (word) => {
    expect(rewriteGoSyntax(['-run', word, 'and', 'more']).version).toBe(true);
  });

  it('takes a command only as the first word', () => {
    expect(rewriteGoSyntax(['status', '-json'])).toMatchObject({ command: 'status', flags: ['--json=true'] });
    expect(() => rewriteGoSyntax(['-json', 'status'])).toThrow(UsageError);
  });

  it.each([
    [['-run', 'true'], '-run takes no separate value, write -run=true'],
    [['stauts'], 'unknown command "stauts"; the commands are doctor, status, restore, services,'],
    [['-intf', 'eth0', 'eth1'], 'unexpected argument "eth1"'],
    [['-'], 'unknown command "-"'],
    [['-=', '-dry_run'], '"-=" is no flag'],
    [['--=x'], '"--=x" is no flag'],
    [['-foo\nbar'], '"-foo\\nbar" is no flag'],
    [['-lru_size'], 'flag -lru_size needs a value: it takes a whole number from'],
  ])('%j is refused', (argv, message) => {
    expect(() => rewriteGoSyntax(argv)).toThrow(message);
  });
});
