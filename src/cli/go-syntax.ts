import { UsageError } from '../failure.ts';
import { COMMANDS, FLAGS, FLAG_NAMES, type CommandName, type FlagName } from './flags.ts';

/** A command line in Go's flag syntax, rewritten for a parser of GNU long options. */
export interface Rewritten {
  /** Every flag as one `--name=value` with `_` in the name; an unknown flag as it stands, with two dashes. */
  readonly flags: readonly string[];
  readonly command: CommandName | undefined;
  /** Bare words after a command. */
  readonly words: readonly string[];
  /** What follows `--`, untouched. */
  readonly verbatim: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
}

const isCommand = (word: string): word is CommandName => Object.hasOwn(COMMANDS, word);

const HELP: ReadonlySet<string> = new Set(['-h', '--h', '-help', '--help']);

/** `-lru-size`, `--lru_size` and `lru-size` are all the flag `lru_size`. */
export function canonicalName(name: string): string {
  return name.replaceAll('-', '_');
}

/** The flag of that spelling, or undefined. */
export function findFlag(name: string): FlagName | undefined {
  return FLAG_NAMES.find((known) => known === canonicalName(name));
}

function splitFlag(argument: string): { name: string; value: string | undefined } {
  const body = argument.replace(/^--?/, '');
  const equals = body.indexOf('=');
  return equals < 0
    ? { name: body, value: undefined }
    : { name: body.slice(0, equals), value: body.slice(equals + 1) };
}

/**
 * Rewrites Go's flag syntax (`-name value`, `-name=value`, one or two dashes, `_` or `-` in names, booleans without a
 * separate value) to `--name=value`. Throws UsageError for a value that is missing and a bare word that is no command.
 */
export function rewriteGoSyntax(argv: readonly string[]): Rewritten {
  const flags: string[] = [];
  const words: string[] = [];
  let command: CommandName | undefined;
  let lastBoolean: string | undefined;

  const end = (at: number): Rewritten => ({
    flags,
    words,
    command,
    help: false,
    version: false,
    verbatim: argv.slice(at),
  });

  for (let i = 0; i < argv.length; i += 1) {
    const argument = argv[i] ?? '';
    if (argument === '--') return end(i + 1);
    if (!argument.startsWith('-') || argument === '-') {
      if (i === 0 && isCommand(argument)) command = argument;
      else if (command !== undefined) words.push(argument);
      else throw new UsageError(bareWordProblem(argument, i === 0, lastBoolean));
      continue;
    }
    lastBoolean = undefined;
    const { name, value } = splitFlag(argument);
    if (name === 'h' || name === 'help') return { ...end(argv.length), help: true };
    if (name === 'version') return { ...end(argv.length), version: true };
    if (!/^[\w-]+$/.test(name)) {
      throw new UsageError(`${JSON.stringify(argument)} is no flag: names are letters, digits, _ and -`);
    }
    const known = findFlag(name);
    if (known === undefined) {
      // Whether the next word is its value cannot be known: the parser refuses this flag, whatever follows. Only a wish for
      // help is still granted.
      flags.push(`--${canonicalName(name)}`);
      return { ...end(argv.length), help: argv.slice(i + 1).some((word) => HELP.has(word)) };
    } else if (value !== undefined) {
      flags.push(`--${known}=${value}`);
    } else if (FLAGS[known].type.kind === 'boolean') {
      flags.push(`--${known}=true`);
      lastBoolean = known;
    } else {
      const next = argv[i + 1];
      if (next === undefined) {
        throw new UsageError(`flag -${known} needs a value: it takes ${FLAGS[known].type.takes}`);
      }
      flags.push(`--${known}=${next}`);
      i += 1;
    }
  }
  return end(argv.length);
}

function bareWordProblem(word: string, first: boolean, booleanBefore: string | undefined): string {
  if (booleanBefore !== undefined) {
    return `unexpected argument ${JSON.stringify(word)}: -${booleanBefore} takes no separate value, write -${booleanBefore}=${word}`;
  }
  const commands = Object.keys(COMMANDS).join(', ');
  return first
    ? `unknown command ${JSON.stringify(word)}; the commands are ${commands}, flags begin with '-'`
    : `unexpected argument ${JSON.stringify(word)}: a flag begins with '-', katran's own arguments come after '--'`;
}
