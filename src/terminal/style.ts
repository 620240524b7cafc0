import { styleText } from 'node:util';
import type { Medium } from './output.ts';

/** How parts of a report are set apart. */
export interface Style {
  change(text: string): string;
  warning(text: string): string;
}

const plain: Style = { change: (text) => text, warning: (text) => text };

const coloured: Style = {
  change: (text) => styleText('bold', text),
  warning: (text) => styleText('yellow', text),
};

/** Colours only on a terminal, and never when NO_COLOR is set to anything (no-color.org) or TERM is dumb. */
export function wantsColour(
  output: Medium,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return output.isTerminal && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
}

export function styleFor(output: Medium, environment: Readonly<Record<string, string | undefined>>): Style {
  return wantsColour(output, environment) ? coloured : plain;
}
