import { expect, it } from 'vitest';
import { keysOf } from '../../../src/terminal/keys.ts';

it('keys are read as terminals send them, several at once too', () => {
  expect(keysOf('\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[4~q\x03')).toEqual([
    'up',
    'down',
    'page up',
    'page down',
    'home',
    'end',
    'q',
    'interrupt',
  ]);
});

it('what is no key of ours is the character, and a part of a sequence breaks nothing', () => {
  expect(keysOf('x\x1b[')).toEqual(['x', '\x1b', '[']);
  expect(keysOf('')).toEqual([]);
});
