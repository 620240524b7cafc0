import { UsageError } from '../failure.ts';
import { quoted } from '../terminal/printable.ts';
import { FLAGS, FLAG_NAMES, type FlagName } from './flags.ts';
import { boolean } from './value-types.ts';

/** A command line in Go's flag syntax, rewritten for a parser of GNU long options. */
export interface Rewritten {
  /** The first word, when the line does not begin with a flag. */
  readonly first: string | undefined;
  /** Bare words behind the first, in their order. */
  readonly words: readonly string[];
  /** Every flag as one `--name=value` with `_` in the name; an unknown one is the last, with two dashes and without a value. */
  readonly flags: readonly string[];
  /** -h is somewhere among the flags: whatever else there is, help is wanted. */
  readonly help: boolean;
  /** What follows `--`, untouched. */
  readonly verbatim: readonly string[];
}

const HELP: ReadonlySet<string> = new Set(['-h', '--h', '-help', '--help']);
const VERSION: ReadonlySet<string> = new Set(['-version', '--version']);

/** `-lru-size`, `--lru_size` and `lru-size` are all the flag `lru_size`. */
export function canonicalName(name: string): string {
  return name.replaceAll('-', '_');
}

/** The flag of that spelling, or undefined. */
export function findFlag(name: string): FlagName | undefined {
  const canonical = canonicalName(name);
  return FLAG_NAMES.find((known) => known === canonical);
}

export function needsValue(name: FlagName): string {
  return `needs a value: it takes ${FLAGS[name].type.takes}`;
}

function splitFlag(argument: string): { name: string; value: string | undefined } {
  const body = argument.replace(/^--?/, '');
  const equals = body.indexOf('=');
  return equals < 0
    ? { name: body, value: undefined }
    : { name: body.slice(0, equals), value: body.slice(equals + 1) };
}

const isFlag = (argument: string): boolean => argument.startsWith('-') && argument !== '-';

/**
 * Rewrites Go's flag syntax (`-name value`, `-name=value`, one or two dashes, `_` or `-` in names, booleans without a
 * separate value) to `--name=value`. `-version` is the word `version`. Throws UsageError for a value that is missing or that
 * a boolean does not take.
 */
export function rewriteGoSyntax(argv: readonly string[]): Rewritten {
  const begin = argv[0] !== undefined && !isFlag(argv[0]) ? 1 : 0;
  const flags: string[] = [];
  const words: string[] = [];
  const first = begin === 1 ? argv[0] : undefined;
  const end = (at: number, help = false): Rewritten => ({
    first,
    words,
    flags,
    help,
    verbatim: argv.slice(at),
  });
  const { length } = argv;
  let lastBoolean: string | undefined;

  for (let i = begin; i < length; i += 1) {
    const argument = argv[i] ?? '';
    if (argument === '--') return end(i + 1);
    if (!isFlag(argument)) {
      if (lastBoolean !== undefined && boolean.parse(argument) !== undefined) {
        throw new UsageError(
          `unexpected argument ${quoted(argument)}: -${lastBoolean} takes no separate value, write -${lastBoolean}=${argument}`,
        );
      }
      words.push(argument);
      continue;
    }
    lastBoolean = undefined;
    if (HELP.has(argument)) return end(length, true);
    if (VERSION.has(argument)) return { first: 'version', words: [], flags: [], help: false, verbatim: [] };
    const { name, value } = splitFlag(argument);
    if (!/^[\w-]+$/.test(name)) {
      throw new UsageError(`${quoted(argument)} is no flag: names are letters, digits, _ and -`);
    }
    const known = findFlag(name);
    if (known === undefined) {
      // Whether the next word is its value cannot be known: this flag is refused, whatever follows. Only a wish for help is
      // still granted.
      flags.push(`--${canonicalName(name)}`);
      return end(
        length,
        argv.slice(i + 1).some((word) => HELP.has(word)),
      );
    }
    if (value !== undefined) {
      flags.push(`--${known}=${value}`);
    } else if (FLAGS[known].type.kind === 'boolean') {
      flags.push(`--${known}=true`);
      lastBoolean = known;
    } else {
      const next = argv[i + 1];
      if (next === undefined) throw new UsageError(`flag -${known} ${needsValue(known)}`);
      flags.push(`--${known}=${next}`);
      i += 1;
    }
  }
  return end(length);
}
