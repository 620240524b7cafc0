import { styleText } from 'node:util';
import type { Medium } from '../terminal/output.ts';
import { wantsColour } from '../terminal/style.ts';
import type { Status } from './types.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How the doctor's answers look on this terminal, file or pipe. */
export interface Look {
  readonly columns: number;
  /** What a line begins with: `✓ ok   `, or `ok   ` where only ASCII may be written. */
  mark(status: Status): string;
  heading(text: string): string;
  quiet(text: string): string;
  command(text: string): string;
}

const WORDS: Readonly<Record<Status, string>> = { ok: 'ok', warn: 'warn', fail: 'FAIL', skipped: 'skip' };
const SYMBOLS: Readonly<Record<Status, string>> = { ok: '✓', warn: '!', fail: '✗', skipped: '-' };
const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red', skipped: 'dim' } as const;

const MIN_COLUMNS = 60;
const MAX_COLUMNS = 100;

/** True when the locale of the environment has characters beyond ASCII (LC_ALL, LC_CTYPE, LANG, in this order). */
export function takesUnicode({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => (value ?? '') !== '') ?? 'C';
  return /utf-?8/i.test(locale);
}

export function lookFor(output: Medium, environment: Environment): Look {
  const colour = wantsColour(output, environment);
  const unicode = takesUnicode(environment);
  const styled = (format: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    columns: Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, output.columns)),
    mark: (status) =>
      styled(COLOURS[status], `${unicode ? `${SYMBOLS[status]} ` : ''}${WORDS[status].padEnd(5)}`),
    heading: (text) => styled('bold', text),
    quiet: (text) => styled('dim', text),
    command: (text) => styled('cyan', text),
  };
}

/** A text without characters beyond ASCII, for terminals that would show them as question marks. Colours stay. */
export function asciiOnly(text: string): string {
  const known = text.replaceAll('…', '...').replaceAll('’', "'").replaceAll('–', '-');
  // The escape of a colour is a control character, and the point.
  // eslint-disable-next-line no-control-regex
  return known.replace(/[^\n\u001b -~]/g, '?');
}
