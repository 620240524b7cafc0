import { COMMANDS, COMMAND_NAMES, SERVICE_ACTIONS, SHELLS } from '../commands.ts';
import { FLAGS, FLAG_NAMES } from '../flags.ts';

/** What a shell can complete after a flag. */
export type ValueWords = 'boolean' | 'interface' | 'path' | 'none' | readonly string[];

export interface CompletedFlag {
  readonly name: string;
  readonly help: string;
  readonly values: ValueWords;
  /** What its value is called where a shell shows that. */
  readonly placeholder: string;
}

function valueWords(kind: string, choices: readonly string[] | undefined): ValueWords {
  if (choices !== undefined) return choices;
  return kind === 'boolean' || kind === 'interface' || kind === 'path' ? kind : 'none';
}

/** Every flag of the table, as completion scripts need it. */
export const COMPLETED_FLAGS: readonly CompletedFlag[] = FLAG_NAMES.map((name) => {
  const { type, help } = FLAGS[name];
  return {
    name,
    help,
    values: valueWords(type.kind, type.choices),
    placeholder: type.placeholder.replaceAll('|', ' or '),
  };
});

/** Flags that only say something and end: not in the table, since they have no value anywhere else. */
export const SAYING_FLAGS = { help: 'usage', version: 'name and version' } as const;

export const COMPLETED_COMMANDS: readonly (readonly [string, string])[] = Object.entries(COMMANDS).map(
  ([name, { help }]) => [name, help],
);
/** Words that a command takes behind it. */
export const WORDS_BEHIND: readonly (readonly [command: string, words: readonly string[]])[] = [
  ['completion', SHELLS],
  ['services', SERVICE_ACTIONS.filter((action) => action !== 'show')],
  ['help', COMMAND_NAMES],
];

/** Commands behind which nothing but these words can be typed. */
export const WORDS_ONLY: readonly string[] = ['completion', 'help'];

export function flagsWith(values: 'boolean' | 'interface' | 'path' | 'none'): readonly string[] {
  return COMPLETED_FLAGS.filter((flag) => flag.values === values).map(({ name }) => name);
}

/** Flags whose value is one of some words, with these. */
export function flagsWithChoices(): readonly (readonly [string, readonly string[]])[] {
  return COMPLETED_FLAGS.flatMap(({ name, values }) =>
    typeof values === 'string' ? [] : [[name, values] as const],
  );
}

/** In single quotes, as all three shells read them (fish wants the backslash doubled: it has none in the help texts). */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
