import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE_BYTES, LineWrapper } from '../../../src/relay/wrap-lines.ts';

interface Wrapped {
  level: string;
  time: string;
  source: string;
  stream: string;
  msg: string;
  part?: number;
  more?: boolean;
}

const NOW = Date.UTC(2026, 10, 22, 12, 16, 49);

function isWrapped(value: unknown): value is Wrapped {
  return typeof value === 'object' && value !== null && 'msg' in value && typeof value.msg === 'string';
}

/** The pieces that come out when the bytes go in, in these chunks. */
function piecesOf(chunks: readonly Uint8Array[], pieceBytes = LINE_BYTES): Buffer[] {
  const wrapper = new LineWrapper('stderr', () => NOW, pieceBytes);
  return [...chunks.flatMap((chunk) => wrapper.push(chunk)), ...wrapper.end()];
}

function parse(pieces: readonly Buffer[]): Wrapped[] {
  const text = Buffer.concat(pieces).toString('utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const value: unknown = JSON.parse(line);
      if (!isWrapped(value)) throw new Error(`not a wrapped line: ${line}`);
      return value;
    });
}

/** The lines of katran again: parts put together. */
function joined(lines: readonly Wrapped[]): string[] {
  const whole: string[] = [];
  let line = '';
  for (const { msg, more } of lines) {
    line += msg;
    if (more === true) continue;
    whole.push(line);
    line = '';
  }
  return whole;
}

const wrap = (...texts: readonly string[]): Wrapped[] =>
  parse(piecesOf(texts.map((text) => Buffer.from(text))));

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((to, i) => bytes.subarray(places[i - 1] ?? 0, to));
}

describe('the wrapping of katran’s lines', () => {
  it('keeps the line as it is and says where it is from', () => {
    expect(wrap('Server listening on 0.0.0.0:50051\n')).toEqual([
      {
        level: 'info',
        time: '2026-11-22T12:16:49.000Z',
        source: 'katran',
        stream: 'stderr',
        msg: 'Server listening on 0.0.0.0:50051',
      },
    ]);
  });

  it.each([
    ['no final line feed', ['one\ntwo'], ['one', 'two']],
    ['an empty line', ['one\n\ntwo\n'], ['one', '', 'two']],
    ['nothing at all', [''], []],
    ['a line in three writes', ['o', 'n', 'e\n'], ['one']],
    ['NUL bytes', ['a\0\0b\n'], ['a\0\0b']],
    ['a carriage return, quotes, backslash, escape', ['a\r"\\\x1b[0m\n'], ['a\r"\\\x1b[0m']],
    ['a byte order mark', ['\uFEFFa\n'], ['\uFEFFa']],
  ])('copes with %s', (_what, texts, messages) => {
    expect(wrap(...texts).map(({ msg }) => msg)).toEqual(messages);
  });

  it('writes U+FFFD for bytes that are no UTF-8, and goes on', () => {
    expect(
      parse(piecesOf([Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0x62, 0x0a])])).map(({ msg }) => msg),
    ).toEqual(['a\uFFFD\uFFFD', 'b']);
  });

  it('puts a character together whose bytes come in two reads', () => {
    const bytes = Buffer.from('é🙂\n');
    expect(parse(piecesOf([...bytes].map((byte) => Buffer.of(byte)))).map(({ msg }) => msg)).toEqual(['é🙂']);
  });

  it('numbers the parts of a long line and gives them its level', () => {
    const lines = wrap(`E20261122 12:16:49.889542 29176 A.cpp:1] ${'x'.repeat(9000)}\nI am short\n`);
    expect(lines.map(({ level, part, more }) => ({ level, part, more }))).toEqual([
      { level: 'error', part: 1, more: true },
      { level: 'error', part: 2, more: true },
      { level: 'error', part: 3, more: false },
      { level: 'info', part: undefined, more: undefined },
    ]);
  });

  it('begins each line, and each part of one, with the severity of its level where it goes to the journal', () => {
    const wrapper = new LineWrapper('stderr', () => NOW, LINE_BYTES, true);
    const glog = (letter: string, text: string): string =>
      `${letter}20261122 12:16:49.889542 29176 A.cpp:1] ${text}\n`;
    const text =
      glog('I', 'up') + glog('W', 'odd') + glog('E', 'x'.repeat(5000)) + glog('F', 'gone') + '    @ main\n';
    const lines = Buffer.concat([...wrapper.push(Buffer.from(text)), ...wrapper.end()])
      .toString()
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => /^<\d>(?=\{)/.exec(line)?.[0])).toEqual([
      '<6>',
      '<4>',
      '<3>',
      '<3>',
      '<2>',
      '<2>',
    ]);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThan(LINE_BYTES);
  });

  it('gives out a line that never ends while it comes, so that memory stays bounded', () => {
    const wrapper = new LineWrapper('stderr', () => NOW, LINE_BYTES);
    for (let i = 0; i < 64; i++) {
      const out = Buffer.concat([...wrapper.push(Buffer.alloc(65536, 'x'))]).toString();
      expect(out.replaceAll(/[^x]/g, '').length).toBeGreaterThanOrEqual(65536 - LINE_BYTES);
    }
  });

  it('loses and tears nothing, whatever comes in whatever pieces, and no line or write is larger than allowed', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }).map((s) => s.repeat(2000)),
      fc.constantFrom('\n', '\0'.repeat(5000), '🙂'.repeat(3000), 'é'.repeat(4000)),
    );
    fc.assert(
      fc.property(
        fc.array(anything, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.constantFrom(LINE_BYTES, 32768),
        (texts, cuts, pieceBytes) => {
          const bytes = Buffer.from(texts.join(''));
          const pieces = piecesOf(cutAt(bytes, cuts), pieceBytes);
          const wanted = bytes.toString('utf8').split('\n');
          if (wanted.at(-1) === '') wanted.pop();
          expect(joined(parse(pieces))).toEqual(wanted);
          for (const piece of pieces) {
            expect(piece.length).toBeLessThanOrEqual(pieceBytes);
            expect(piece.at(-1)).toBe(0x0a);
            for (const line of piece.toString().split('\n')) {
              expect(Buffer.byteLength(line)).toBeLessThan(LINE_BYTES);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
