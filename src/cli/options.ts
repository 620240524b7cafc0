import { UsageError } from '../failure.ts';
import { printable, quoted } from '../terminal/printable.ts';
import {
  COMMANDS,
  SERVICE_ACTIONS,
  SHELLS,
  type FlagOwner,
  type ServiceAction,
  type Shell,
} from './commands.ts';
import { readFlagFiles } from './flag-file.ts';
import { FLAGS, FLAG_NAMES, type FlagName, type Values } from './flags.ts';
import { COMMAND_LINE, readGiven, type Given, type GivenFlags } from './given.ts';
import { rewriteGoSyntax } from './go-syntax.ts';
import { parseTyped, type Typed } from './program.ts';

/** What was asked for, checked: every flag's value, whatever it came from. */
export interface Options extends Values {
  /** Flags that were given somewhere, not left to their default. */
  readonly given: ReadonlySet<FlagName>;
  readonly guard: 'off' | 'warn' | 'repair';
  /**
   * Where `affinitize` came from that does not count in this call: `/etc/start-katran/flags:3`. What a file or the environment
   * says never makes a call write that only looks.
   */
  readonly affinitizeIgnored: string | undefined;
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
  | { readonly kind: 'help'; readonly text: string }
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

function fromEnvironment(environment: Environment): GivenFlags {
  const given: Partial<Record<FlagName, Given>> = {};
  for (const flag of FLAG_NAMES) {
    const variable = environmentName(flag);
    const text = environment[variable];
    if (text !== undefined) given[flag] = readGiven(flag, text, variable);
  }
  return given;
}

/** Variables with our prefix that are no flag's: a typing error that would otherwise be silent. */
function unknownVariables(environment: Environment): string[] {
  const ours = Object.keys(environment).filter((name) => name.startsWith(PREFIX));
  if (ours.length === 0) return [];
  const known = new Set(FLAG_NAMES.map(environmentName));
  return ours
    .filter((name) => !known.has(name))
    .map(
      (name) =>
        `ignoring ${printable(name)}: there is no flag -${printable(name.slice(PREFIX.length).toLowerCase())}`,
    );
}

function conflict(message: string): never {
  throw new UsageError(message);
}

/** Every flag's value, and where each came from: command line, environment, flag files, in this order. */
function collect(typed: Typed['flags'], environment: Environment): { given: GivenFlags; values: Values } {
  const configured = fromEnvironment(environment);
  const filed = readFlagFiles(
    typed.flagfile ?? (configured.flagfile === undefined ? [] : [configured.flagfile]),
  );
  const given: Partial<Record<FlagName, Given>> = {};
  for (const name of FLAG_NAMES) {
    const said = typed[name]?.at(-1) ?? configured[name] ?? filed[name];
    if (said !== undefined) given[name] = said;
  }
  // The one cast: fromEntries forgets which name goes with which type; the table gave both.
  const values = Object.fromEntries(
    FLAG_NAMES.map((name) => [name, (given[name] ?? { value: FLAGS[name].default }).value]),
  ) as unknown as Values;
  return { given, values };
}

/** Where `affinitize` came from, when that is not enough for it to count. */
function affinitizeThatIsIgnored({ affinitize }: GivenFlags, values: Values): string | undefined {
  const counts = affinitize?.source === COMMAND_LINE || values.run || values.affinitize_only;
  return values.affinitize && !counts ? affinitize?.source : undefined;
}

/** Refuses combinations that contradict each other, and settles the defaults that depend on other flags. */
function settle(
  { given, values }: { given: GivenFlags; values: Values },
  katranArguments: readonly string[],
  owner: FlagOwner,
): Options {
  const isLaunch = owner === 'launch';
  const configured = values.affinitize || values.affinitize_only;
  const affinitizeIgnored = isLaunch ? affinitizeThatIsIgnored(given, values) : undefined;
  const affinitize = configured && affinitizeIgnored === undefined;
  const starts = isLaunch && values.run && !values.affinitize_only && !values.dry_run;
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
  if (values.affinity_guard === 'repair' && !configured) {
    conflict(
      '-affinity_guard takes repair only together with -affinitize: without it the masks are not ours to write',
    );
  }
  if (isLaunch && values.handover && values.map_path === '') {
    conflict('-handover is for shared mode: name the pinned root array with -map_path');
  }
  if (isLaunch && values.keep_services && values.services === '') {
    conflict('-keep_services keeps the file that -services names: give -services FILE');
  }
  if (owner === 'doctor' && given.report_file?.source === COMMAND_LINE && !values.report) {
    conflict('-report_file says where -report writes: give -report too');
  }
  return {
    ...values,
    affinitize,
    affinitizeIgnored,
    given: new Set(FLAG_NAMES.filter((name) => (given[name]?.text ?? '') !== '')),
    guard: values.affinity_guard ?? (configured ? 'repair' : 'warn'),
    katranArguments,
  };
}

/** The words after `services`. */
function serviceWords(words: readonly string[], typed: Typed['flags']) {
  const [word = 'show', file] = words;
  const action = SERVICE_ACTIONS.find((name) => name === word);
  if (action === undefined || (file !== undefined && action !== 'restore')) {
    const forms = COMMANDS.services.forms.map((form) => `start-katran ${form}`).join(', or ');
    conflict(`unexpected argument ${quoted(file ?? word)}: it is ${forms}`);
  }
  if (action === 'restore' && file === undefined)
    conflict('services restore needs a file: services restore FILE, or - for stdin');
  if (typed.o !== undefined && action !== 'save') conflict('-o means something to services save only');
  if (typed.exact !== undefined && action !== 'restore')
    conflict('-exact means something to services restore only');
  return { action, file };
}

/**
 * Everything that was typed or configured: command line, environment (`START_KATRAN_…`), flag file, defaults, in this
 * order. Throws UsageError, which says where a bad value came from.
 */
export function parseInvocation(argv: readonly string[], environment: Environment): Invocation {
  const rewritten = rewriteGoSyntax(argv);
  const parsed = parseTyped(rewritten);
  if ('help' in parsed) return { kind: 'help', text: parsed.help };
  const { command, flags, words } = parsed;
  if (command === 'version') return { kind: 'version' };
  if (command === 'completion') {
    const shell = SHELLS.find((name) => name === words[0]);
    if (shell === undefined) throw new Error('commander checks the shell');
    return { kind: 'completion', shell };
  }
  if (command === 'help') throw new Error('commander answers help');
  const options = settle(collect(flags, environment), rewritten.verbatim, command);
  const act = { options, remarks: unknownVariables(environment) };
  return command === 'services'
    ? { kind: command, ...serviceWords(words, flags), ...act }
    : { kind: command, ...act };
}
