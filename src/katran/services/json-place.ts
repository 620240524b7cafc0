import { quoted } from '../../terminal/printable.ts';

/** RFC 8259, each at the position that is looked at. */
const BLANKS = /[ \t\n\r]*/y;
// eslint-disable-next-line no-control-regex -- controls are what may not be in a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Characters of what cannot be read that are shown. */
const SHOWN = 20;

/** What may come next: a value, a value or the end of a list, a name or the end of an object, a name, `:`, `,` or the end. */
type Expected = 'value' | 'value or ]' | 'name or }' | 'name' | ':' | ', or end' | 'nothing';

/** The position of the first character that makes a text no JSON. */
function firstWrong(text: string): number {
  const open: ('[' | '{')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found !== undefined;
  };
  const afterValue = (): Expected => (open.length === 0 ? 'nothing' : ', or end');
  for (;;) {
    take(BLANKS);
    const next = text[at];
    if (next === undefined) return at;
    const closes = next === ']' ? '[' : next === '}' ? '{' : undefined;
    const mayClose = expected === ', or end' || expected === 'value or ]' || expected === 'name or }';
    if (closes !== undefined) {
      if (!mayClose || open.at(-1) !== closes) return at;
      open.pop();
      at += 1;
      expected = afterValue();
    } else if (expected === 'value' || expected === 'value or ]') {
      if (next === '[' || next === '{') {
        open.push(next);
        at += 1;
        expected = next === '[' ? 'value or ]' : 'name or }';
      } else if (take(STRING) || take(SCALAR)) expected = afterValue();
      else return at;
    } else if (expected === 'name' || expected === 'name or }') {
      if (!take(STRING)) return at;
      expected = ':';
    } else if (expected === ':' && next === ':') {
      at += 1;
      expected = 'value';
    } else if (expected === ', or end' && next === ',') {
      at += 1;
      expected = open.at(-1) === '[' ? 'value' : 'name';
    } else return at;
  }
}

/**
 * Where a text that is no JSON stops being some: `line 3, column 15, before "}"`, counted from 1. The runtimes' own parsers tell no
 * place, or each in its words.
 */
export function whereJsonEnds(text: string): string {
  const at = firstWrong(text);
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const place = `line ${line}, column ${at - before.lastIndexOf('\n')}`;
  const rest = text.slice(at).split('\n', 1)[0] ?? '';
  return at === text.length
    ? `${place}, the end of the text`
    : `${place}, before ${quoted(rest.slice(0, SHOWN))}`;
}
