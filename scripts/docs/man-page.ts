import { COMMANDS } from '../../src/cli/commands.ts';
import { flagGroups, type DocumentedFlag } from './flag-table.ts';

/** Text as troff takes it: a hyphen that can be copied, no control line by accident. */
export function troff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

function flagEntry({ name, value, default: fallback, help, isBoolean }: DocumentedFlag): string {
  const takes = value === '' ? '' : ` \\fI${troff(value)}\\fR`;
  const left = isBoolean || fallback === '' ? '' : ` (default ${fallback})`;
  return `.TP\n\\fB\\-${troff(name)}\\fR${takes}\n${troff(help + left)}.`;
}

const commandEntry = ([name, { help }]: [string, { readonly help: string }]): string =>
  `.TP\n\\fB${troff(name)}\\fR\n${troff(help)}.`;

/** packaging/start-katran.8: the template with its lines `.\" @NAME@` replaced. */
export function manPage(template: string, { version, date }: { version: string; date: string }): string {
  const parts: Record<string, string> = {
    '.\\" @TITLE@': `.TH START\\-KATRAN 8 ${date} "start\\-katran ${version}" "System administration"`,
    '.\\" @COMMANDS@': Object.entries(COMMANDS).map(commandEntry).join('\n'),
    '.\\" @FLAGS@': flagGroups()
      .map(({ title, flags }) => [`.SS ${title}`, ...flags.map(flagEntry)].join('\n'))
      .join('\n'),
  };
  return template
    .split('\n')
    .map((line) => parts[line] ?? line)
    .join('\n');
}
