import { UsageError } from '../failure.ts';
import { quoted } from '../terminal/printable.ts';
import { FLAGS, type FlagName, type Values } from './flags.ts';

export const COMMAND_LINE = 'the command line';

/** A flag's value, as it was written and as it was understood, and the place that said so. */
export interface Given {
  readonly text: string;
  readonly value: Values[FlagName];
  /** `the command line`, `START_KATRAN_RUN`, `/etc/start-katran/flags:3`. */
  readonly source: string;
}
export type GivenFlags = Partial<Record<FlagName, Given>>;

function refusal(name: FlagName, text: string, source: string): UsageError {
  const { type } = FLAGS[name];
  const takes = type.takes.replaceAll('-name', `-${name}`);
  const origin = source === COMMAND_LINE ? '' : ` (from ${source})`;
  const why = type.problem?.(text);
  const more = why === undefined ? '' : `; this one ${why}`;
  return new UsageError(`bad value ${quoted(text)} for -${name}${origin}: it takes ${takes}${more}`);
}

/**
 * Reads what was written for a flag. An empty value of a flag without a default means "not given": `START_KATRAN_CPUS=` in a
 * unit file. Throws UsageError, which says where a bad value came from.
 */
export function readGiven(name: FlagName, text: string, source: string): Given {
  const { type, default: left } = FLAGS[name];
  if (left === undefined && text === '') return { text, value: undefined, source };
  const value = type.parse(text);
  if (value === undefined) throw refusal(name, text, source);
  return { text, value, source };
}
