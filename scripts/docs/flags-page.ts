import { COMMANDS } from '../../src/cli/commands.ts';
import { flagGroups, type DocumentedFlag } from './flag-table.ts';

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
const cell = (text: string): string => text.replaceAll('|', '\\|');

/** An asterisk and its kind stay themselves: flag names in a sentence become code. */
const sentence = (help: string): string =>
  cell(help).replace(
    /(^|\s)(-[a-z][a-z_]+)/g,
    (_all, before: string, flag: string) => `${before}\`${flag}\``,
  );

function row({ name, value, default: fallback, help, isBoolean }: DocumentedFlag): string {
  const given = value === '' ? `-${name}` : `-${name} ${value}`;
  const left = isBoolean ? 'false' : fallback;
  return `| ${code(given)} | ${left === '' ? '' : cell(left)} | ${sentence(help)} |`;
}

/** docs/flags.md. */
export function flagsPage(): string {
  return [
    '<!-- Made by `npm run docs` from src/cli/flags.ts; a test fails when it is stale. -->',
    '',
    '# Flags and commands',
    '',
    '`start-katran [command] [flags] [-- arguments for katran]`',
    '',
    '- `-name` and `--name` are the same, and so are `_` and `-` inside a name.',
    '- `-name=value` or `-name value`. A boolean takes no separate value: `-run`, `-run=false`. The last of several wins.',
    '- Whole numbers: `10`, `0x10`, `0o10`, `010` (octal), `0b1`, `1_000`.',
    "- What follows `--` is appended to katran's arguments as it stands.",
    '- A value comes from, first found: the command line; the environment (`-lru_size` is `START_KATRAN_LRU_SIZE`); the flag',
    '  file; the default. An error says where the bad value came from.',
    '- The flag file holds one `name=value` or `name` a line and `#` comments: `-flagfile PATH`, several times if wanted (a later',
    '  file wins over an earlier one), or `/etc/start-katran/flags` if it exists. It is a regular file, or a pipe that ends, of at',
    '  most 1 MiB.',
    '- `affinitize` in a file or the environment counts only together with `-run` or `-affinitize_only`: a call that is typed to look',
    '  writes nothing.',
    '- A flag that means nothing to a command is a usage error when it is typed, and not looked at when a file or the environment',
    '  says it. `start-katran help COMMAND` lists those of a command.',
    '',
    '## Commands',
    '',
    '| first word | what it does |',
    '|---|---|',
    ...Object.entries(COMMANDS).map(([name, { help }]) => `| ${code(name)} | ${cell(help)} |`),
    '',
    'None: a preview, or what the flags below say.',
    ...flagGroups().flatMap(({ title, flags }) => [
      '',
      `## ${title}`,
      '',
      '| flag | default | meaning |',
      '|---|---|---|',
      ...flags.map(row),
    ]),
    '',
  ].join('\n');
}
