import { COMMANDS, FLAGS, FLAG_NAMES, GROUPS, type FlagName, type Group } from './flags.ts';

function entry(name: FlagName): string {
  const { type, defaultText, help } = FLAGS[name];
  const value = type.placeholder === '' ? '' : ` ${type.placeholder}`;
  const fallback = defaultText === '' || type.kind === 'boolean' ? '' : ` (default ${defaultText})`;
  return wrap(`  -${name}${value}`, help + fallback);
}

/** The head in a column of 28, the text wrapped beside it, 80 columns in all. */
function wrap(head: string, text: string): string {
  const indent = ' '.repeat(28);
  const lines: string[] = [];
  let line = head.length < 27 ? head.padEnd(28) : (lines.push(head), indent);
  for (const word of text.split(' ')) {
    if (line.trimEnd().length + 1 + word.length > 79 && line.trim() !== '' && line.length > 28) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join('\n');
}

/** The text of `-h`, 80 columns. */
export function usage(): string {
  const groups = Object.keys(GROUPS).filter((group): group is Group => group in GROUPS);
  return [
    'Usage: start-katran [flags] [-- katran arguments]',
    '       start-katran doctor|status|restore [flags]',
    '       start-katran completion bash|zsh|fish',
    '       start-katran -h | -version',
    '',
    "Pins the NIC's interrupts, finds the gateway's MAC, starts katran_server_grpc",
    'and supervises it. Without -run and -affinitize it only shows what it would do.',
    '',
    '  sudo start-katran -affinitize -run   pin interrupts, start katran, supervise',
    '  sudo start-katran -affinitize_only   pin interrupts and exit (at boot)',
    '  start-katran -dry_run                show everything, change nothing',
    '',
    'Commands:',
    ...Object.entries(COMMANDS).map(([name, help]) => wrap(`  ${name}`, help)),
    ...groups.flatMap((group) => [
      '',
      `${GROUPS[group]}:`,
      ...FLAG_NAMES.filter((name) => FLAGS[name].group === group).map(entry),
    ]),
    '',
    '-name and --name are the same, _ and - in names too; -name=value or -name value;',
    'booleans: -run or -run=false. A value comes from the command line, the',
    'environment (START_KATRAN_LRU_SIZE), the flag file, or the default.',
    'Exit status: 0 done, 1 failed, 2 usage, 3 doctor or status found something',
    "wrong, otherwise katran's own (128+N when signal N ended it).",
    '',
  ].join('\n');
}

/** The second line of every usage error. */
export const USAGE_HINT = "run 'start-katran -h' for the flags";
