import { expect, it } from 'vitest';
import { whereJsonEnds } from '../../../../src/katran/services/json-place.ts';

it.each([
  ['', 'line 1, column 1, the end of the text'],
  ['{', 'line 1, column 2, the end of the text'],
  ['{\n  "version": 1,\n  "vips": [],\n}\n', 'line 4, column 1, before "}"'],
  ['{"vips": [1, 2,, 3]}', 'line 1, column 16, before ", 3]}"'],
  ['{"vips" [1]}', 'line 1, column 9, before "[1]}"'],
  ['// a comment\n{}', 'line 1, column 1, before "// a comment"'],
  ["{'a': 1}", `line 1, column 2, before "'a': 1}"`],
  ['{"a": 01}', 'line 1, column 8, before "1}"'],
  ['{"a": TRUE}', 'line 1, column 7, before "TRUE}"'],
  ['{"a": tru}', 'line 1, column 7, before "tru}"'],
  ['{"a": "x\u0001y"}', 'line 1, column 7, before "\\"x\\x01y\\"}"'],
  ['{"a": "no end}\n}', 'line 1, column 7, before "\\"no end}"'],
  ['{"a": "bad \\q"}', 'line 1, column 7, before "\\"bad \\\\q\\"}"'],
  ['[{"é": [[], {}, -1.5e3, "\\u00e9", null]}] x', 'line 1, column 43, before "x"'],
  ['{"a": 1 "b": 2}', 'line 1, column 9, before "\\"b\\": 2}"'],
  [`${'['.repeat(100_000)}!`, 'line 1, column 100001, before "!"'],
])('%j is no JSON from there on', (text, place) => {
  expect(() => JSON.parse(text) as unknown).toThrow();
  expect(whereJsonEnds(text)).toBe(place);
});
