import { describe, expect, it } from 'vitest';
import { completionScript } from '../../../src/cli/completion.ts';
import { singleQuoted } from '../../../src/cli/completion/words.ts';
import { COMMANDS, SHELLS } from '../../../src/cli/commands.ts';
import { FLAG_NAMES, FLAGS } from '../../../src/cli/flags.ts';

/** What the scripts do in their shells is tested in test/packaging/completions.test.ts. */
describe.each(SHELLS)('the completion script for %s', (shell) => {
  const script = completionScript(shell);

  it.each(FLAG_NAMES)('knows -%s', (name) => {
    expect(script).toMatch(new RegExp(`(?<![a-z_])${name}(?![a-z_])`));
  });

  it('knows every command, every shell and every choice', () => {
    const choices = FLAG_NAMES.flatMap((name) => FLAGS[name].type.choices ?? []);
    for (const word of [...Object.keys(COMMANDS), ...SHELLS, ...choices]) expect(script).toContain(word);
  });

  it('says where it came from, and ends with a line feed', () => {
    expect(script).toContain(`start-katran completion ${shell}`);
    expect(script.endsWith('\n')).toBe(true);
  });

  it('never runs the program it completes: Tab must not start a launcher', () => {
    expect(script).not.toMatch(/\$\(\s*start-katran|^\s*start-katran\b|`start-katran/m);
  });
});

describe.each(['zsh', 'fish'] as const)('the script for %s', (shell) => {
  it.each(FLAG_NAMES)('describes -%s with the words of -h', (name) => {
    expect(completionScript(shell)).toContain(singleQuoted(FLAGS[name].help).slice(1, -1));
  });
});

it('a quoted text stays one word of the shell', () => {
  expect(singleQuoted("katran's $(x)")).toBe("'katran'\\''s $(x)'");
});
