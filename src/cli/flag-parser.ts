import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../failure.ts';
import { FLAGS, FLAG_NAMES, type FlagName } from './flags.ts';

/** Flags as text, by name; the last of several wins. */
export type FlagTexts = Partial<Record<FlagName, string>>;

/** Only the flags that occur are described to commander, unless it has to find out what an unknown one may have meant. */
function flagsToDescribe(args: readonly string[]): readonly FlagName[] {
  const given = new Set(args.map((argument) => /^--([^=]+)=/.exec(argument)?.[1]));
  const known = FLAG_NAMES.filter((name) => given.has(name));
  return known.length === given.size ? known : FLAG_NAMES;
}

function flagCommand(names: readonly FlagName[]): Command {
  const command = new Command('start-katran')
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .helpOption(false)
    .allowExcessArguments(false);
  for (const name of names) command.addOption(new Option(`--${name} <value>`, FLAGS[name].help));
  return command;
}

/** commander's complaint in this program's words: one dash, `flag`, and its suggestion on the same line. */
function inOurWords(error: CommanderError): UsageError {
  const unknown = /unknown option '--?([^']*)'/.exec(error.message);
  if (unknown === null) return new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
  const similar = [...error.message.matchAll(/--([a-z0-9_]+)/g)].map((match) => match[1]).slice(1);
  const name = unknown[1] ?? '';
  // commander's suggestions heed case.
  const sameWord = FLAG_NAMES.find((known) => known === name.toLowerCase());
  const meant = sameWord === undefined ? similar : [sameWord];
  const suggestion =
    meant.length === 0 ? '' : `; did you mean ${meant.map((n) => `-${n ?? ''}`).join(' or ')}?`;
  return new UsageError(`unknown flag -${name}${suggestion}`);
}

/** Parses arguments of the form `--name=value`. Throws UsageError for an unknown name, with what may have been meant. */
export function parseFlags(args: readonly string[]): FlagTexts {
  const command = flagCommand(flagsToDescribe(args));
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw inOurWords(error);
    throw error;
  }
  return command.opts<FlagTexts>();
}
