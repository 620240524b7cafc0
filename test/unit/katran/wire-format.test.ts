import protobuf from 'protobufjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceDescription } from '../../../scripts/docs/service-description.ts';
import { WireFormat } from '../../../src/katran/wire-format.ts';

const PROTO = `
  syntax = "proto3";
  enum Colour { GREY = 0; RED = 1; }
  message Inner { string text = 1; Colour colour = 2; }
  message All {
    int64 signed = 2; string text = 1; bool yes = 3; int32 small = 4; uint32 mark = 5; uint64 large = 1000;
    Inner inner = 7; repeated Inner list = 8; map<int32, string> map = 9; Colour colour = 10; repeated string words = 11;
  }`;
const text = { type: 'string', id: 1 } as const;

const wire = new WireFormat({
  enums: { Colour: { GREY: 0, RED: 1 } },
  messages: {
    Inner: { text, colour: { id: 2, type: 'Colour' } },
    'All.MapEntry': { key: { id: 1, type: 'int32' }, value: { id: 2, type: 'string' } },
    All: {
      text,
      signed: { id: 2, type: 'int64' },
      yes: { id: 3, type: 'bool' },
      small: { id: 4, type: 'int32' },
      mark: { id: 5, type: 'uint32' },
      inner: { id: 7, type: 'Inner' },
      list: { id: 8, type: 'Inner', many: 'list' },
      map: { id: 9, type: 'All.MapEntry', many: 'map' },
      colour: { id: 10, type: 'Colour' },
      words: { id: 11, type: 'string', many: 'list' },
      large: { id: 1000, type: 'uint64' },
    },
    Newer: { text, added: { id: 2, type: 'Inner' }, more: { id: 3, type: 'uint64' } },
    Older: { text },
  },
});
const reference = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('All');

const anyText = fc.string({ unit: 'binary' });
const inner = fc.record({ text: anyText, colour: fc.constantFrom('GREY', 'RED') }, { requiredKeys: [] });
const anyMessage = fc.record(
  {
    text: anyText,
    signed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    yes: fc.boolean(),
    small: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    mark: fc.nat(0xffff_ffff),
    large: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    inner,
    list: fc.array(inner),
    map: fc.dictionary(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String), anyText),
    colour: fc.constantFrom('GREY', 'RED', 1),
    words: fc.array(anyText),
  },
  { requiredKeys: [] },
);

describe('messages as bytes', () => {
  it('are those of the reference, and so is what is made of them', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const bytes = Buffer.from(reference.encode(reference.fromObject(message)).finish());
        expect(wire.encode('All', message)).toEqual(bytes);
        expect(wire.decode('All', bytes)).toEqual(
          reference.toObject(reference.decode(bytes), { longs: String, enums: String, defaults: true }),
        );
      }),
    );
  });

  it('a katran that is newer says more: what is not known is passed over', () => {
    const bytes = wire.encode('Newer', { added: { text: 'x', colour: 'RED' }, more: '1', text: 'known' });
    expect(wire.decode('Older', bytes)).toEqual({ text: 'known' });
  });

  it('a field of another type than the described one is passed over, not misread', () => {
    const number = new WireFormat({ enums: {}, messages: { Older: { text: { id: 1, type: 'uint64' } } } });
    expect(wire.decode('Older', number.encode('Older', { text: '7' }))).toEqual({ text: '' });
  });

  it('a number that the enum does not have stays a number', () => {
    const bytes = wire.encode('Inner', { colour: 5 });
    expect(wire.decode('Inner', bytes)).toEqual({ text: '', colour: 5 });
  });

  it('bytes that end too early are an error', () => {
    const bytes = wire.encode('All', { list: [{ text: 'long enough' }] });
    for (let end = 1; end < bytes.length; end += 1)
      expect(() => wire.decode('All', bytes.subarray(0, end))).toThrow(RangeError);
  });
});

describe('the description of a service', () => {
  const of = (fields: string): string =>
    serviceDescription(
      `syntax = "proto3"; package lb.katran; service KatranService { rpc a(M) returns (M); } message M { ${fields} }`,
    );

  it('has fields by their ids', () => {
    expect(of('string b = 2; bool a = 1;')).toMatch(/"a": \{\s+"id": 1,\s+"type": "bool"\s+\},\s+"b"/);
  });

  it.each(['double a = 1;', 'repeated int32 a = 1;', 'oneof x { string a = 1; }', 'bytes a = 1;'])(
    'refuses what would be read wrongly: %s',
    (field) => {
      expect(() => of(field)).toThrow(/does not know/);
    },
  );
});
