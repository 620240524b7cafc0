import { UsageError } from '../failure.ts';
import { parseFlags } from './flag-parser.ts';
import { readFlagFile, type SourcedText, type SourcedTexts } from './flag-file.ts';
import {
  FLAGS,
  FLAG_NAMES,
  SHELLS,
  type CommandName,
  type FlagName,
  type Shell,
  type Values,
} from './flags.ts';
import { rewriteGoSyntax } from './go-syntax.ts';

/** What was asked for, checked: every flag's value, whatever it came from. */
export interface Options extends Values {
  /** Flags that were given somewhere, not left to their default. */
  readonly given: ReadonlySet<FlagName>;
  readonly guard: 'off' | 'warn' | 'repair';
  /** The command line's arguments after `--`. */
  readonly katranArguments: readonly string[];
}

export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion'; readonly shell: Shell }
  | { readonly kind: 'launch'; readonly options: Options; readonly remarks: readonly string[] }
  | {
      readonly kind: Exclude<CommandName, 'completion'>;
      readonly options: Options;
      readonly remarks: readonly string[];
    };

export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'START_KATRAN_';

/** The environment variable of a flag: `START_KATRAN_LRU_SIZE`. */
export function environmentName(flag: FlagName): string {
  return PREFIX + flag.toUpperCase();
}

function fromEnvironment(environment: Environment): SourcedTexts {
  const texts: SourcedTexts = {};
  for (const flag of FLAG_NAMES) {
    const text = environment[environmentName(flag)];
    if (text !== undefined) texts[flag] = { text, source: environmentName(flag) };
  }
  return texts;
}

/** Variables with our prefix that are no flag's: a typing error that would otherwise be silent. */
function unknownVariables(environment: Environment): string[] {
  const known = new Set(FLAG_NAMES.map(environmentName));
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.has(name))
    .map((name) => `ignoring ${name}: there is no flag -${name.slice(PREFIX.length).toLowerCase()}`);
}

function fromCommandLine(flags: readonly string[]): SourcedTexts {
  const texts: SourcedTexts = {};
  const parsed = parseFlags(flags);
  for (const name of FLAG_NAMES) {
    const text = parsed[name];
    if (text !== undefined) texts[name] = { text, source: 'the command line' };
  }
  return texts;
}

function refusal(name: FlagName, { text, source }: SourcedText): UsageError {
  const { type } = FLAGS[name];
  const { takes } = type;
  const why = type.problem?.(text);
  const origin = source === 'the command line' ? '' : ` (from ${source})`;
  return new UsageError(
    `bad value ${JSON.stringify(text)} for -${name}${origin}: it takes ${takes.replaceAll('-name', `-${name}`)}${why === undefined ? '' : `; ${why}`}`,
  );
}

function valueOf(name: FlagName, sourced: SourcedText | undefined): Values[FlagName] {
  const flag = FLAGS[name];
  // An empty value of a flag without a default means "not given": `START_KATRAN_CPUS=` in a unit file.
  if (sourced === undefined || (flag.default === undefined && sourced.text === '')) return flag.default;
  const value = flag.type.parse(sourced.text);
  if (value === undefined) throw refusal(name, sourced);
  return value;
}

function conflict(message: string): never {
  throw new UsageError(message);
}

/** Refuses combinations that contradict each other, and settles the defaults that depend on other flags. */
function check(
  values: Values,
  given: ReadonlySet<FlagName>,
  katranArguments: readonly string[],
  command: CommandName | undefined,
): Options {
  const affinitize = values.affinitize || values.affinitize_only;
  const starts = command === undefined && values.run && !values.affinitize_only && !values.dry_run;
  if (values.json && starts) {
    conflict(
      "-json prints a plan and cannot go together with -run, whose stdout is katran's; add -dry_run, or drop one",
    );
  }
  if (values.forwarding_cores !== undefined && affinitize) {
    conflict(
      '-forwarding_cores skips the IRQs, so -affinitize has nothing to write; to choose the CPUs it uses, give -cpus',
    );
  }
  if (values.affinity_guard === 'repair' && !affinitize) {
    conflict(
      '-affinity_guard takes repair only together with -affinitize: without it the masks are not ours to write',
    );
  }
  const guard = values.affinity_guard ?? (affinitize ? 'repair' : 'warn');
  return { ...values, affinitize, given, guard, katranArguments };
}

/**
 * Everything that was typed or configured: command line, environment (`START_KATRAN_…`), flag file, defaults, in this
 * order. Throws UsageError, which says where a bad value came from.
 */
export function parseInvocation(argv: readonly string[], environment: Environment): Invocation {
  const rewritten = rewriteGoSyntax(argv);
  if (rewritten.help) return { kind: 'help' };
  if (rewritten.version) return { kind: 'version' };
  const typed = fromCommandLine(rewritten.flags);
  const [word, surplus] = rewritten.words;
  if (rewritten.command === 'completion') {
    const shell = SHELLS.find((name) => name === word);
    if (shell === undefined || surplus !== undefined)
      conflict(`completion takes one of ${SHELLS.join(', ')}`);
    return { kind: 'completion', shell };
  }
  if (word !== undefined)
    conflict(`unexpected argument ${JSON.stringify(word)}: ${rewritten.command ?? ''} takes flags only`);

  const configured = fromEnvironment(environment);
  const filed = readFlagFile(typed.flagfile ?? configured.flagfile);
  const sourced = (name: FlagName): SourcedText | undefined => typed[name] ?? configured[name] ?? filed[name];
  const given = new Set(FLAG_NAMES.filter((name) => (sourced(name)?.text ?? '') !== ''));
  // The one cast: fromEntries forgets which name goes with which type; the table gave both.
  const values = Object.fromEntries(
    FLAG_NAMES.map((name) => [name, valueOf(name, sourced(name))]),
  ) as unknown as Values;
  const options = check(values, given, rewritten.verbatim, rewritten.command);
  return { kind: rewritten.command ?? 'launch', options, remarks: unknownVariables(environment) };
}
