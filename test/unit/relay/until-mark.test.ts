import { describe, expect, it } from 'vitest';
import { UntilMark } from '../../../src/relay/until-mark.ts';

const MARK = '[end 1-2]';

/** What comes out when the text comes in pieces of this size. */
function passed(text: string, size: number): { out: string; ended: boolean } {
  const until = new UntilMark(MARK);
  let out = '';
  // One buffer for all pieces, as the reader has it.
  const buffer = Buffer.alloc(size);
  for (let from = 0; from < text.length; from += size) {
    const length = buffer.write(text.slice(from, from + size));
    out += until.push(buffer.subarray(0, length)).toString();
  }
  if (!until.ended) out += until.rest().toString();
  return { out, ended: until.ended };
}

describe.each([1, 2, 3, 7, 1000])('in pieces of %d bytes', (size) => {
  it.each([
    ['the mark ends it, and nothing behind it passes', `one\ntwo${MARK}three`, 'one\ntwo', true],
    ['beginnings of the mark are text', 'a [end [end 1- [', 'a [end [end 1- [', false],
    ['a beginning just before the mark', `[end [end 1${MARK}`, '[end [end 1', true],
    ['nothing but the mark', MARK, '', true],
  ])('%s', (_, text, out, ended) => {
    expect(passed(text, size)).toEqual({ out, ended });
  });
});

it('holds back nothing of an ordinary line', () => {
  expect(new UntilMark(MARK).push(Buffer.from('a line\n')).toString()).toBe('a line\n');
});
