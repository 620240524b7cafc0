import type { Medium } from './output.ts';

// Apart from the screen, whose colours load node:util: short runs ask only what a terminal can do.

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the locale's characters are UTF-8: the first of these that is set decides (locale(7)); none: the C locale. */
export function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? 'C';
  return /utf-?8/i.test(locale);
}

/** Colours only on a terminal, and never when NO_COLOR is set to anything (no-color.org) or TERM is dumb. */
export function wantsColour(output: Medium, environment: Environment): boolean {
  return output.isTerminal && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
}
