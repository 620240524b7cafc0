import { CHECKS } from '../../src/doctor/checks/index.ts';
import { GROUPS, type Check, type Group } from '../../src/doctor/types.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function groupTable(group: Group, checks: readonly Check[]): string[] {
  const rows = checks.filter((check) => check.group === group);
  return [
    '',
    `## ${group}`,
    '',
    '| check | asked because |',
    '|---|---|',
    ...rows.map(({ id, purpose }) => `| \`${id}\` | ${cell(purpose)} |`),
  ];
}

/** docs/doctor.md: every check, by group. */
export function doctorPage(checks: readonly Check[] = CHECKS): string {
  return [
    '<!-- Made by `npm run docs` from src/doctor/checks; a test fails when it is stale. -->',
    '',
    '# What doctor checks',
    '',
    '`start-katran doctor` takes the flags of the launch (or finds them in the flag file), changes nothing and sends nothing. Each check',
    'is `ok`, `warn`, `fail`, or `skip` where it does not apply or cannot be known; exit status 3 when one failed. `-json` gives the same',
    'with these ids; `-report` writes a file for a maintainer, without any address but that of the gateway.',
    ...GROUPS.flatMap((group) => groupTable(group, checks)),
    '',
  ].join('\n');
}
