import { flagGroups } from './flag-table.ts';

/** Flags that belong to one run and not into a file that every run reads. */
const OF_ONE_RUN = new Set([
  'affinitize_only',
  'run',
  'dry_run',
  'json',
  'watch',
  'report',
  'report_file',
  'o',
  'exact',
  'sysroot',
  'flagfile',
]);

/** Text in lines of comment, 100 columns. */
function comment(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length > 96) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.map((line) => `# ${line}`);
}

/** The example of /etc/start-katran/flags that the package brings: every flag with its default, all of it commented out. */
export function flagFile(): string {
  const groups = flagGroups()
    .map(({ title, flags }) => ({ title, flags: flags.filter(({ name }) => !OF_ONE_RUN.has(name)) }))
    .filter(({ flags }) => flags.length > 0);
  return [
    ...comment(
      'Flags of start-katran: one name=value a line, a boolean by its name alone. Read by every start-katran as /etc/start-katran/flags, also by the ' +
        'ones that systemd starts; the environment (START_KATRAN_LRU_SIZE) and the command line win over it. Every flag ' +
        'is shown with its default; see start-katran(8).',
    ),
    '#',
    '# At least these three are needed to start katran:',
    '#balancer_bpf=/usr/lib/katran/balancer.bpf.o',
    '#intf=eth0',
    '#affinitize',
    ...comment(
      'affinitize counts only together with -run or -affinitize_only: a call that is typed to look writes nothing.',
    ),
    ...groups.flatMap(({ title, flags }) => [
      '',
      `## ${title}`,
      ...flags.flatMap((flag) => [
        '',
        ...comment(flag.help + (flag.value.includes('|') ? ` (${flag.value})` : '')),
        `#${flag.name}=${flag.default}`,
      ]),
    ]),
    '',
  ].join('\n');
}
