/** Keys that have a name here; others are the character they stand for. */
const NAMES: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '7~': 'home',
  '4~': 'end',
  '8~': 'end',
  '5~': 'page up',
  '6~': 'page down',
  k: 'up',
  j: 'down',
  ' ': 'page down',
  b: 'page up',
  g: 'home',
  G: 'end',
  '\x03': 'interrupt',
  '\x1a': 'suspend',
  '\x1c': 'quit',
};

// eslint-disable-next-line no-control-regex -- an escape begins a key's sequence
const KEY = /\x1b[[O]([0-9;]*[A-Za-z~])|[^]/gu;

/** What was pressed, of the text that a terminal in raw mode sends; those of `less` and `vi` mean the same as the arrows. */
export function keysOf(text: string): string[] {
  return [...text.matchAll(KEY)].map(([whole, sequence]) => NAMES[sequence ?? whole] ?? whole);
}
