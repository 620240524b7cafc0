import { describe, expect, it } from 'vitest';
import { flagFile } from '../../../scripts/docs/flag-file.ts';
import { generatedFiles, latestRelease, read } from '../../../scripts/docs/generated.ts';
import { troff } from '../../../scripts/docs/man-page.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { FLAGS, FLAG_NAMES } from '../../../src/cli/flags.ts';
import { parseFlagFile } from '../../../src/cli/flag-file.ts';
import { version } from '../../../package.json';

const files = generatedFiles();

describe('files made from the flag table', () => {
  it.each(Object.keys(files))('%s is up to date (npm run docs)', (file) => {
    expect(read(file)).toBe(files[file]);
  });

  it.each(FLAG_NAMES)('-%s is in the table of docs/flags.md and in the man page', (name) => {
    expect(files['docs/flags.md']).toContain(`| \`-${name}`);
    expect(files['packaging/start-katran.8']).toContain(`\\fB\\-${name}\\fR`);
  });

  it.each(Object.keys(COMMANDS))('the command %s is in both', (name) => {
    expect(files['docs/flags.md']).toContain(`| \`${name}\` |`);
    expect(files['packaging/start-katran.8']).toContain(`\\fB${name}\\fR`);
  });

  it('a table row has three cells, whatever its text holds', () => {
    const rows = (files['docs/flags.md'] ?? '').split('\n').filter((line) => line.startsWith('| `-'));
    expect(rows).toHaveLength(FLAG_NAMES.length);
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(4);
  });

  it('the man page has no hyphen that would be printed as a dash, and no line that troff takes for a request', () => {
    expect(troff("-a\n.b\n'c\\d")).toBe("\\-a\n\\&.b\n\\&'c\\ed");
  });
});

describe('/etc/start-katran/flags as the package brings it', () => {
  it('changes nothing', () => {
    expect(parseFlagFile(flagFile(), 'flags')).toEqual({});
  });

  const shown = flagFile()
    .split('\n')
    .filter((line) => /^#[a-z]/.test(line))
    .map((line) => line.slice(1));

  it.each(shown)('%j is understood once it is uncommented, and is the default where there is one', (line) => {
    const [[name, given] = []] = Object.entries(parseFlagFile(line, 'flags'));
    const flag = Object.entries(FLAGS).find(([known]) => known === name)?.[1];
    expect(flag).toBeDefined();
    if (!line.includes('/usr/') && line.includes('=') && name !== 'intf' && given?.text !== '') {
      expect(flag?.defaultText).toBe(given?.text);
    }
  });
});

it('CHANGELOG.md begins with the version of package.json', () => {
  expect(latestRelease(read('CHANGELOG.md')).version).toBe(version);
});
