import { styleText } from 'node:util';
import type { Medium } from './output.ts';
import { styleFor, wantsColour, type Style } from './style.ts';

/** How busy a CPU is with interrupts; what each level stands for is in load.ts. */
export type LoadLevel = 0 | 1 | 2 | 3 | 4;

/** What a picture is drawn on: how wide, with which characters, in which colours. */
export interface Screen {
  /** No line of a picture is longer. */
  readonly columns: number;
  /** False: ASCII only. */
  readonly unicode: boolean;
  readonly style: Style;
  /** The text in the colour of that load. */
  load(level: LoadLevel, text: string): string;
  good(text: string): string;
  bad(text: string): string;
  title(text: string): string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the locale's characters are UTF-8: the first of these that is set decides (locale(7)); none: the C locale. */
export function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? 'C';
  return /utf-?8/i.test(locale);
}

/** Whether to colour is decided here, by the output in question; styleText would look at the process's stdout. */
const inColour = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { validateStream: false });
const same = (text: string): string => text;
const LOAD_COLOURS = [undefined, 'cyan', 'green', 'yellow', 'red'] as const;

export function screenFor(output: Medium, environment: Environment): Screen {
  const unicode = speaksUtf8(environment);
  const { columns } = output;
  const style = styleFor(output, environment);
  if (!wantsColour(output, environment)) {
    return { columns, unicode, style, load: (_level, text) => text, good: same, bad: same, title: same };
  }
  return {
    columns,
    unicode,
    style,
    load: (level, text) => {
      const colour = LOAD_COLOURS[level];
      return colour === undefined ? text : inColour(colour, text);
    },
    good: (text) => inColour('green', text),
    bad: (text) => inColour(['red', 'bold'], text),
    title: (text) => inColour('bold', text),
  };
}
