import type { Command, Help } from 'commander';
import { wrapped } from '../terminal/wrap.ts';
import { COMMANDS, isCommand, type CommandName } from './commands.ts';
import { FLAGS, GROUPS, flagsOf, type FlagName, type Group } from './flags.ts';

/** The second line of every usage error. */
export const USAGE_HINT = "run 'start-katran -h' for the flags";

const COLUMNS = 79;
const TEXT_COLUMN = 28;
const NARROW_COLUMN = 22;

/** Of the flags that a launch has too, those that a command's help describes; the others it only names. */
const DESCRIBED: ReadonlySet<FlagName> = new Set(['intf', 'dry_run', 'json']);

/** A head, and the text beside it in lines that begin at a column; below it where the head is too long. */
function beside(head: string, text: string, column: number): string[] {
  const lines = wrapped(text, COLUMNS - column, { whole: true });
  const [first = '', ...others] = head.length < column - 1 ? lines : ['', ...lines];
  const below = others.map((line) => ' '.repeat(column) + line);
  return [(head.padEnd(column) + first).trimEnd(), ...below];
}

/** Text in lines that begin at a column. */
function indented(text: string, column: number): string[] {
  return wrapped(text, COLUMNS - column, { whole: true }).map((line) => ' '.repeat(column) + line);
}

/** A boolean's is always false. */
function fallbackText({ type, defaultText }: (typeof FLAGS)[FlagName]): string {
  return defaultText === '' || type.kind === 'boolean' ? '' : ` (default ${defaultText})`;
}

function entry(name: FlagName, text: string, column: number): string[] {
  const { placeholder } = FLAGS[name].type;
  const value = placeholder === '' ? '' : ` ${placeholder}`;
  return beside(`  -${name}${value}`, text + fallbackText(FLAGS[name]), column);
}

function programHelp(command: Command, helper: Help): string[] {
  const flags = flagsOf('launch');
  const groups = Object.keys(GROUPS).filter((group): group is Group => group in GROUPS);
  return [
    'Usage: start-katran [flags] [-- katran arguments]',
    '       start-katran COMMAND [flags]',
    '       start-katran -h | -version',
    '',
    "Pins the NIC's interrupts, finds the gateway's MAC, starts katran_server_grpc",
    'and supervises it. Without -run and -affinitize it only shows what it would do.',
    '',
    '  sudo start-katran -affinitize -run   pin interrupts, start katran, supervise',
    '  sudo start-katran -affinitize_only   pin interrupts and exit (at boot)',
    '  start-katran -dry_run                show everything, change nothing',
    '',
    "Commands ('start-katran help COMMAND' has the flags and examples of each):",
    ...helper
      .visibleCommands(command)
      .flatMap((sub) => beside(`  ${sub.name()}`, sub.description(), TEXT_COLUMN)),
    ...groups.flatMap((group) => {
      const own = flags.filter((name) => FLAGS[name].group === group);
      return own.length === 0
        ? []
        : ['', `${GROUPS[group]}:`, ...own.flatMap((name) => entry(name, FLAGS[name].help, TEXT_COLUMN))];
    }),
    '',
    '-name and --name are the same, _ and - in names too; -name=value or -name value;',
    'booleans: -run or -run=false. A value comes from the command line, the',
    'environment (START_KATRAN_LRU_SIZE), the flag file, or the default.',
    'Exit status: 0 done, 1 failed, 2 usage, 3 doctor or status found something',
    "wrong, otherwise katran's own (128+N when signal N ended it).",
    '',
  ];
}

function examplesOf(name: CommandName): string[] {
  const { examples } = COMMANDS[name];
  const longest = Math.max(0, ...examples.map(([call]) => call.length));
  return examples.map(([call, does]) => `  start-katran ${call.padEnd(longest)}   ${does}`);
}

/** In the help of its one command, a flag's text does not begin with that command. */
const ownHelp = (flag: FlagName, command: CommandName): string => {
  const { help } = FLAGS[flag];
  return help.startsWith(`${command}: `) ? help.slice(command.length + 2) : help;
};

function commandHelp(name: CommandName): string[] {
  const flags = flagsOf(name);
  const own = flags.filter((flag) => DESCRIBED.has(flag) || !FLAGS[flag].owners.includes('launch'));
  const shared = flags.filter((flag) => !own.includes(flag));
  const { forms, help } = COMMANDS[name];
  const examples = examplesOf(name);
  return [
    ...forms.map((form, i) => `${i === 0 ? 'Usage:' : '      '} start-katran ${form}`),
    '',
    ...indented(`${help.charAt(0).toUpperCase()}${help.slice(1)}.`, 0),
    ...(examples.length === 0 ? [] : ['', ...examples]),
    ...(own.length === 0
      ? []
      : ['', 'Flags:', ...own.flatMap((flag) => entry(flag, ownHelp(flag, name), NARROW_COLUMN))]),
    ...(shared.length === 0
      ? []
      : [
          '',
          "As for a launch ('start-katran -h' describes them):",
          ...indented(shared.map((flag) => `-${flag}`).join(' '), 2),
        ]),
    '',
  ];
}

/** The text of `-h`, of the program or of one command; 80 columns. */
export function helpText(command: Command, helper: Help): string {
  const name = command.parent === null ? undefined : command.name();
  const lines = isCommand(name) ? commandHelp(name) : programHelp(command, helper);
  return lines.join('\n');
}
