import { Argument, Command, CommanderError, Option } from 'commander';
import { UsageError } from '../failure.ts';
import { quoted } from '../terminal/printable.ts';
import { COMMANDS, COMMAND_NAMES, SHELLS, isCommand, type CommandName, type FlagOwner } from './commands.ts';
import { FLAGS, FLAG_NAMES, flagsOf, type FlagName } from './flags.ts';
import { COMMAND_LINE, readGiven, type Given } from './given.ts';
import type { Rewritten } from './go-syntax.ts';
import { helpText } from './help.ts';

/** What commander made of a command line. */
export interface Typed {
  readonly command: CommandName | 'launch';
  /** Each flag as often as it was typed, in this order. */
  readonly flags: Partial<Record<FlagName, readonly Given[]>>;
  /** The words behind the command, as many as it takes. */
  readonly words: readonly string[];
}
export type Parsed = { readonly help: string } | Typed;

type Flags = Typed['flags'];

function optionOf(name: FlagName): Option {
  const { type, help } = FLAGS[name];
  const option = new Option(`--${name} <value>`, help);
  if (type.choices !== undefined) option.choices(type.choices);
  // After choices(), whose own check knows no numbers and says it in other words. Every occurrence is checked.
  return option.argParser<readonly Given[] | undefined>((text, before) => [
    ...(before ?? []),
    readGiven(name, text, COMMAND_LINE),
  ]);
}

/**
 * Of the command's flags those that occur: to describe the others costs more than all the rest of parsing. All of them when commander has to find
 * out what an unknown one may have meant. Help is made of the table itself.
 */
function flagsToDescribe(owner: CommandName | 'launch', { flags, help }: Rewritten): readonly FlagName[] {
  if (help) return [];
  const all = flagsOf(owner);
  const typed = new Set(flags.map((argument) => /^--([^=]+)/.exec(argument)?.[1]));
  const described = all.filter((name) => typed.has(name));
  return described.length === typed.size ? described : all;
}

function newProgram(writeOut: (text: string) => void): Command {
  return new Command('start-katran')
    .exitOverride()
    .configureOutput({ writeOut, writeErr: () => undefined })
    .configureHelp({ formatHelp: helpText })
    .helpOption('-h, --help')
    .allowExcessArguments(false)
    .enablePositionalOptions();
}

function describeWords(command: Command, name: CommandName): void {
  if (name === 'completion') command.addArgument(new Argument('<shell>').choices(SHELLS));
  if (name === 'services') command.argument('[action]').argument('[file]');
  if (name === 'help') command.argument('[command]');
}

/** One tree of commands; `done` is called by the one that was typed. */
function programFor(
  line: Rewritten,
  done: (typed: Typed) => void,
  writeOut: (text: string) => void,
): Command {
  const program = newProgram(writeOut);
  const { first } = line;
  // Without a word at the beginning, there is nothing that a command could be found by.
  for (const name of first === undefined && !line.help ? [] : COMMAND_NAMES) {
    const command = program.command(name).description(COMMANDS[name].help);
    if (name !== first) continue;
    describeWords(command, name);
    for (const flag of flagsToDescribe(name, line)) command.addOption(optionOf(flag));
    command.action(() => done({ command: name, flags: command.opts<Flags>(), words: command.args }));
  }
  if (first === undefined) {
    for (const flag of flagsToDescribe('launch', line)) program.addOption(optionOf(flag));
    // Where a word is the first, this would take an unknown command for an argument too many.
    program.action(() => done({ command: 'launch', flags: program.opts<Flags>(), words: [] }));
  }
  return program.helpCommand(false);
}

/** The names that commander suggests, which stand behind "Did you mean". */
function suggestions(message: string): string {
  const names = /\(Did you mean (?:one of )?([^?]*)\?\)/.exec(message)?.[1];
  return names === undefined
    ? ''
    : `; did you mean ${names.replaceAll('--', '-').replace(/, (?=[^,]*$)/, ' or ')}?`;
}

const whose = (owner: FlagOwner): string => (owner === 'launch' ? 'a call without a command' : owner);

function unknownFlag(name: string, owner: CommandName | 'launch', message: string): UsageError {
  const flag = FLAG_NAMES.find((known) => known === name);
  if (flag !== undefined) {
    const to = owner === 'launch' ? 'without a command' : `to ${owner}`;
    return new UsageError(
      `-${flag} means nothing ${to}: it is for ${FLAGS[flag].owners.map(whose).join(', ')}`,
    );
  }
  // commander's suggestions heed case.
  const sameWord = FLAG_NAMES.find((known) => known === name.toLowerCase());
  const suggestion = sameWord === undefined ? suggestions(message) : `; did you mean -${sameWord}?`;
  return new UsageError(`unknown flag -${name}${suggestion}`);
}

function surplusWord({ first, words }: Rewritten, taken: number): UsageError {
  const why = isCommand(first)
    ? `it is ${COMMANDS[first].forms.map((form) => `start-katran ${form}`).join(', or ')}`
    : "a flag begins with '-', katran's own arguments come after '--'";
  return new UsageError(`unexpected argument ${quoted(words[taken] ?? '')}: ${why}`);
}

function unknownCommand(word: string, message: string): UsageError {
  const meant = suggestions(message);
  const known = meant === '' ? `; the commands are ${COMMAND_NAMES.join(', ')}, flags begin with '-'` : meant;
  return new UsageError(`unknown command ${quoted(word)}${known}`);
}

/** commander's complaint in this program's words: one line, one dash, `flag`. */
function inOurWords(error: CommanderError, line: Rewritten): UsageError {
  const { first, flags } = line;
  const command = isCommand(first) ? first : 'launch';
  switch (error.code) {
    case 'commander.unknownOption':
      return unknownFlag(
        /unknown option '--?([^'=]*)/.exec(error.message)?.[1] ?? '',
        command,
        error.message,
      );
    case 'commander.unknownCommand':
      return unknownCommand(first ?? '', error.message);
    case 'commander.excessArguments':
      return surplusWord(line, Number(/Expected (\d+)/.exec(error.message)?.[1] ?? 0));
    default:
      return command === 'completion'
        ? new UsageError(`completion takes one of ${SHELLS.join(', ')}`)
        : new UsageError(`cannot understand ${quoted(flags.join(' '))}: ${error.message}`);
  }
}

/** `help doctor` is `doctor -h`; of a word that is no command commander says so. */
function asked(line: Rewritten): Rewritten {
  const { first, words, flags } = line;
  if (first !== 'help' || words.length > 1 || flags.length > 0 || line.help) return line;
  const [word] = words;
  return { ...line, first: word, words: [], help: word === undefined || isCommand(word) };
}

function commanderArguments({ first, words, flags, help }: Rewritten): string[] {
  const command = first === undefined ? [] : [first];
  return help && (first === undefined || isCommand(first))
    ? [...command, '--help']
    : [...command, ...words, ...flags];
}

/** Parses a rewritten command line. Throws UsageError, for an unknown name with what may have been meant. */
export function parseTyped(rewritten: Rewritten): Parsed {
  const line = asked(rewritten);
  let parsed: Parsed | undefined;
  let help = '';
  const program = programFor(
    line,
    (typed) => (parsed = typed),
    (text) => (help += text),
  );
  try {
    program.parse(commanderArguments(line), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code !== 'commander.helpDisplayed') throw inOurWords(error, line);
    return { help };
  }
  if (parsed === undefined) throw new Error('no command acted');
  return parsed;
}

/** What is wrong with a name that no flag has, with what may have been meant. */
export function unknownFlagIn(name: string): UsageError {
  const line: Rewritten = { first: undefined, words: [], flags: [`--${name}`], help: false, verbatim: [] };
  const program = newProgram(() => undefined).action(() => undefined);
  for (const flag of FLAG_NAMES) program.addOption(optionOf(flag));
  try {
    program.parse(line.flags, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return inOurWords(error, line);
    throw error;
  }
  return new UsageError(`unknown flag -${name}`);
}
