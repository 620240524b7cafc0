import { describe, expect, it } from 'vitest';
import { COMMANDS, COMMAND_NAMES } from '../../../src/cli/commands.ts';
import { FLAGS, FLAG_NAMES, flagsOf } from '../../../src/cli/flags.ts';
import { parseInvocation } from '../../../src/cli/options.ts';

function helpOf(...argv: string[]): string {
  const invocation = parseInvocation(argv, {});
  if (invocation.kind !== 'help') throw new Error(`no help but ${invocation.kind}`);
  return invocation.text;
}
const flagsNamed = (text: string): string[] =>
  [...text.matchAll(/(?<![\w'])-([a-z][a-z0-9_]*)/g)].map(([, name]) => name ?? '');

describe('the help of the program', () => {
  const text = helpOf('-h');
  it.each(flagsOf('launch'))('describes -%s', (name) => {
    expect(text).toMatch(new RegExp(`^  -${name}\\b`, 'm'));
  });
  it.each(flagsOf('launch').filter((name) => FLAGS[name].type.kind !== 'boolean'))(
    'says the default of -%s',
    (name) => {
      const { defaultText } = FLAGS[name];
      const [entry = ''] = new RegExp(`^  -${name} [^]*?(?=^ {0,2}\\S|\\n\\n)`, 'm').exec(text) ?? [];
      expect(entry).toContain(name);
      if (defaultText !== '') expect(entry.replace(/\s+/g, ' ')).toContain(`(default ${defaultText})`);
    },
  );
  it.each(COMMAND_NAMES)('names the command %s', (name) => {
    expect(text).toMatch(new RegExp(`^  ${name} `, 'm'));
  });
  it('does not describe flags that a launch does not have', () => {
    expect(text).not.toMatch(/^ {2}-(?:watch|report|exact)\b/m);
  });
});

describe.each(COMMAND_NAMES)('the help of %s', (command) => {
  const text = helpOf(command, '-h');

  it('is the same with help before it', () => {
    expect(helpOf('help', command)).toBe(text);
  });
  it('fits into a terminal of 24 lines and 80 columns', () => {
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(23);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  });
  it('names every flag it has, and its examples', () => {
    const named = new Set(flagsNamed(text));
    expect(flagsOf(command).filter((name) => !named.has(name))).toEqual([]);
    for (const [call] of COMMANDS[command].examples) expect(text).toContain(call);
  });
  it('describes no flag of another command', () => {
    const described = [...text.matchAll(/^ {2}-([a-z0-9_]+)/gm)].map(([, name]) => name ?? '');
    const foreign = FLAG_NAMES.filter((name) => !flagsOf(command).includes(name));
    expect(foreign.filter((name) => described.includes(name))).toEqual([]);
  });
});

it('every flag belongs to some command', () => {
  for (const name of FLAG_NAMES) expect(FLAGS[name].owners.length, name).toBeGreaterThan(0);
});

it.each(COMMAND_NAMES)('the examples of %s can be parsed', (command) => {
  for (const [call] of COMMANDS[command].examples) {
    const argv = call.replace(/ >.*/, '').split(' ');
    expect(() => parseInvocation(argv, { START_KATRAN_FLAGFILE: '' }), call).not.toThrow();
  }
});
