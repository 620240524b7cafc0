import { UsageError } from '../failure.ts';
import { parseFlags } from './flag-parser.ts';
import { readFlagFile, type SourcedText, type SourcedTexts } from './flag-file.ts';
import {
  COMMANDS,
  FLAGS,
  FLAG_NAMES,
  SERVICE_ACTIONS,
  SHELLS,
  type CommandName,
  type FlagName,
  type FlagOwner,
  type ServiceAction,
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

/** What a command acts on. */
interface Act {
  readonly options: Options;
  /** What was ignored, for the log. */
  readonly remarks: readonly string[];
}

export type Invocation =
  | { readonly kind: 'help'; readonly command: CommandName | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion'; readonly shell: Shell }
  | ({
      readonly kind: 'services';
      readonly action: ServiceAction;
      /** Of `services restore`: a path, or `-` for stdin. */
      readonly file: string | undefined;
    } & Act)
  | ({ readonly kind: Exclude<FlagOwner, 'services'> } & Act);

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
  owner: FlagOwner,
): Options {
  const affinitize = values.affinitize || values.affinitize_only;
  const starts = owner === 'launch' && values.run && !values.affinitize_only && !values.dry_run;
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
  if (values.handover && values.map_path === '' && owner === 'launch') {
    conflict('-handover is for shared mode: name the pinned root array with -map_path');
  }
  if (values.keep_services && values.services === '' && owner === 'launch') {
    conflict('-keep_services keeps the file that -services names: give -services FILE');
  }
  const guard = values.affinity_guard ?? (affinitize ? 'repair' : 'warn');
  return { ...values, affinitize, given, guard, katranArguments };
}

/** Refuses flags that were typed for a command to which they mean nothing. A file or the environment speaks to all commands. */
function checkOwner(typed: SourcedTexts, owner: FlagOwner): void {
  for (const name of FLAG_NAMES) {
    const { owners } = FLAGS[name];
    if (typed[name] === undefined || owners.includes(owner)) continue;
    const whose = owners.map((one) => (one === 'launch' ? 'a call without a command' : one)).join(', ');
    conflict(
      `-${name} means nothing ${owner === 'launch' ? 'without a command' : `to ${owner}`}: it is for ${whose}`,
    );
  }
}

function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(COMMANDS, word);
}

/** The words after `services`. */
function serviceWords(words: readonly string[], values: Values, given: ReadonlySet<FlagName>) {
  const action = SERVICE_ACTIONS.find((name) => name === (words[0] ?? 'show'));
  const [, file, surplus] = words;
  if (action === undefined || surplus !== undefined || (file !== undefined && action !== 'restore')) {
    conflict(
      `unexpected argument ${JSON.stringify(surplus ?? file ?? words[0])}: it is services, services save [-o FILE], or services restore FILE (- for stdin)`,
    );
  }
  if (action === 'restore' && file === undefined)
    conflict('services restore needs a file: services restore FILE, or - for stdin');
  if (given.has('o') && action !== 'save') conflict('-o means something to services save only');
  if (values.exact && action !== 'restore') conflict('-exact means something to services restore only');
  return { action, file };
}

/**
 * Everything that was typed or configured: command line, environment (`START_KATRAN_…`), flag file, defaults, in this
 * order. Throws UsageError, which says where a bad value came from.
 */
export function parseInvocation(argv: readonly string[], environment: Environment): Invocation {
  const { command, flags, words, verbatim, help, version } = rewriteGoSyntax(argv);
  if (help) return { kind: 'help', command };
  if (version || command === 'version') return { kind: 'version' };
  const [word, surplus] = words;
  if (command === 'help') {
    if (surplus !== undefined || (word !== undefined && !isCommand(word)))
      conflict(`help takes one of ${Object.keys(COMMANDS).join(', ')}`);
    return { kind: 'help', command: word };
  }
  const typed = fromCommandLine(flags);
  if (command === 'completion') {
    const shell = SHELLS.find((name) => name === word);
    if (shell === undefined || surplus !== undefined)
      conflict(`completion takes one of ${SHELLS.join(', ')}`);
    return { kind: 'completion', shell };
  }
  const owner = command ?? 'launch';
  if (word !== undefined && owner !== 'services')
    conflict(`unexpected argument ${JSON.stringify(word)}: ${owner} takes flags only`);
  checkOwner(typed, owner);

  const configured = fromEnvironment(environment);
  const filed = readFlagFile(typed.flagfile ?? configured.flagfile);
  const sourced = (name: FlagName): SourcedText | undefined => typed[name] ?? configured[name] ?? filed[name];
  const given = new Set(FLAG_NAMES.filter((name) => (sourced(name)?.text ?? '') !== ''));
  // The one cast: fromEntries forgets which name goes with which type; the table gave both.
  const values = Object.fromEntries(
    FLAG_NAMES.map((name) => [name, valueOf(name, sourced(name))]),
  ) as unknown as Values;
  const options = check(values, given, verbatim, owner);
  const act = { options, remarks: unknownVariables(environment) };
  if (owner === 'services') return { kind: owner, ...serviceWords(words, values, given), ...act };
  return { kind: owner, ...act };
}
