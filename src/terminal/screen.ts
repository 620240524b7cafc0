import { styleText } from 'node:util';
import { speaksUtf8, wantsColour } from './abilities.ts';
import type { Medium } from './output.ts';

/** How busy a CPU is with interrupts; what each level stands for is in load.ts. */
export type LoadLevel = 0 | 1 | 2 | 3 | 4;

type Paint = (text: string) => string;

/** What a text or picture is drawn on: how wide, with which characters, in which colours. */
export interface Screen {
  /** No line of a picture is longer. */
  readonly columns: number;
  /** False: ASCII only. */
  readonly unicode: boolean;
  /** The text in the colour of that load. */
  load(level: LoadLevel, text: string): string;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
  /** What is to become different. */
  readonly change: Paint;
  readonly title: Paint;
  /** What may be passed over. */
  readonly quiet: Paint;
  /** What can be copied into a shell. */
  readonly command: Paint;
}

type Environment = Readonly<Record<string, string | undefined>>;

const LOAD_COLOURS = [undefined, 'cyan', 'green', 'yellow', 'red'] as const;
const plain: Paint = (text) => text;

export function screenFor(output: Medium, environment: Environment): Screen {
  const coloured = wantsColour(output, environment);
  // Whether to colour is decided here, by the output in question; styleText would look at the process's stdout.
  const paint = (format: Parameters<typeof styleText>[0]): Paint =>
    coloured ? (text) => styleText(format, text, { validateStream: false }) : plain;
  return {
    columns: output.columns,
    unicode: speaksUtf8(environment),
    load: (level, text) => {
      const colour = LOAD_COLOURS[level];
      return colour === undefined ? text : paint(colour)(text);
    },
    good: paint('green'),
    bad: paint(['red', 'bold']),
    warning: paint('yellow'),
    change: paint('bold'),
    title: paint('bold'),
    quiet: paint('dim'),
    command: paint('cyan'),
  };
}

/** A text without characters beyond ASCII, for terminals that would show them as question marks. Colours stay. */
export function asciiOnly(text: string): string {
  const known = text.replaceAll('…', '...').replaceAll('’', "'").replaceAll('–', '-');
  // eslint-disable-next-line no-control-regex -- the escape of a colour is kept
  return known.replace(/[^\n\u001b -~]/g, '?');
}
