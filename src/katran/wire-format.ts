import protobuf from 'protobufjs/minimal.js';

/** One field of a message. */
export interface Field {
  readonly id: number;
  /** A scalar type, or the name of a message or enum of the description. */
  readonly type: string;
  /** A map is a list of messages with a `key` and a `value`, as it is on the wire. */
  readonly many?: 'list' | 'map';
}

/** A gRPC service with its messages, as its .proto describes them. */
export interface ServiceDescription {
  /** With its package: `lb.katran.KatranService`. */
  readonly name: string;
  /** Types of request and response, by the name of the call. */
  readonly calls: Readonly<Record<string, readonly [request: string, response: string]>>;
  /** Fields of each message, ascending by id. */
  readonly messages: Readonly<Record<string, Readonly<Record<string, Field>>>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** How a value goes over the wire, and what it is when it was left out. */
interface Format {
  /** 0 for a number, 2 for what has a length before it. */
  readonly wire: 0 | 2;
  readonly absent: unknown;
  readonly write: (writer: protobuf.Writer, value: unknown) => void;
  readonly read: (reader: protobuf.Reader) => unknown;
}

const VARINT = 0;
const DELIMITED = 2;

/** protobufjs gives two halves, both signed. */
const halves = ({ high, low }: protobuf.Long): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0);

/** The scalar types that katran's messages use. Numbers of 64 bits are decimal strings here. */
export const SCALARS: Readonly<Record<string, Format>> = {
  string: {
    wire: DELIMITED,
    absent: '',
    write: (writer, value) => writer.string(String(value)),
    read: (reader) => reader.string(),
  },
  bool: {
    wire: VARINT,
    absent: false,
    write: (writer, value) => writer.bool(Boolean(value)),
    read: (reader) => reader.bool(),
  },
  int32: {
    wire: VARINT,
    absent: 0,
    write: (writer, value) => writer.int32(Number(value)),
    read: (reader) => reader.int32(),
  },
  uint32: {
    wire: VARINT,
    absent: 0,
    write: (writer, value) => writer.uint32(Number(value)),
    read: (reader) => reader.uint32(),
  },
  int64: {
    wire: VARINT,
    absent: '0',
    write: (writer, value) => writer.int64(String(value)),
    read: (reader) => {
      const value = reader.int64();
      return String(typeof value === 'number' ? value : halves(value));
    },
  },
  uint64: {
    wire: VARINT,
    absent: '0',
    write: (writer, value) => writer.uint64(String(value)),
    read: (reader) => {
      const value = reader.uint64();
      return String(typeof value === 'number' ? value : BigInt.asUintN(64, halves(value)));
    },
  },
};

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

/** What is in a field that may be there many times; a map as messages with a key and a value. */
const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : entriesOf(value).map(([key, of]) => ({ key, value: of }));

const mapOf = (entries: readonly unknown[]): object =>
  Object.fromEntries(
    entries.map((entry) => {
      const { key, value } = Object.fromEntries(entriesOf(entry));
      return [String(key), value];
    }),
  );

/**
 * Messages of a service as bytes and back. The bytes themselves are protobufjs's matter; what it makes of a .proto while a program
 * runs, classes and code that they write and compile, would be more than a MiB of memory.
 */
export class WireFormat {
  readonly #description: Pick<ServiceDescription, 'messages' | 'enums'>;

  constructor(description: Pick<ServiceDescription, 'messages' | 'enums'>) {
    this.#description = description;
  }

  /** Fields that the object does not have, or has as undefined or null, are left out. */
  encode(type: string, message: object): Buffer {
    return Buffer.from(this.#write(protobuf.Writer.create(), type, message).finish());
  }

  /** Every field of the message: what was left out is empty, 0 or false, a message null. Throws RangeError where the bytes end too early. */
  decode(type: string, bytes: Uint8Array): object {
    const reader = protobuf.Reader.create(bytes);
    return this.#read(reader, type, reader.len);
  }

  #fieldsOf(type: string): [name: string, field: Field][] {
    const fields = this.#description.messages[type];
    if (fields === undefined) throw new Error(`no message ${type} is described`);
    return Object.entries(fields);
  }

  #formatOf(type: string): Format {
    return SCALARS[type] ?? this.#formatOfEnum(type) ?? this.#formatOfMessage(type);
  }

  #formatOfEnum(type: string): Format | undefined {
    const numbers = this.#description.enums[type];
    if (numbers === undefined) return undefined;
    const nameOf = (number: number): string | number =>
      Object.entries(numbers).find(([, value]) => value === number)?.[0] ?? number;
    return {
      wire: VARINT,
      absent: nameOf(0),
      write: (writer, value) => writer.int32(numbers[String(value)] ?? Number(value)),
      read: (reader) => nameOf(reader.int32()),
    };
  }

  #formatOfMessage(type: string): Format {
    return {
      wire: DELIMITED,
      absent: null,
      write: (writer, value) => this.#write(writer.fork(), type, value).ldelim(),
      read: (reader) => this.#read(reader, type, reader.uint32() + reader.pos),
    };
  }

  #write(writer: protobuf.Writer, type: string, message: unknown): protobuf.Writer {
    const values = new Map(entriesOf(message));
    for (const [name, { id, type: typeOfField, many }] of this.#fieldsOf(type)) {
      const value = values.get(name);
      if (value === undefined || value === null) continue;
      const format = this.#formatOf(typeOfField);
      for (const one of many === undefined ? [value] : listOf(value))
        format.write(writer.uint32((id << 3) | format.wire), one);
    }
    return writer;
  }

  #read(reader: protobuf.Reader, type: string, end: number): object {
    const fields = this.#fieldsOf(type).map(([name, { id, type: typeOfField, many }]) => {
      const format = this.#formatOf(typeOfField);
      return { name, id, format, many, values: [] as unknown[] };
    });
    while (reader.pos < end) {
      const tag = reader.uint32();
      const field = fields.find(({ id, format }) => ((id << 3) | format.wire) === tag);
      if (field === undefined) reader.skipType(tag & 7);
      else field.values.push(field.format.read(reader));
    }
    return Object.fromEntries(
      fields.map(({ name, format, many, values }) => {
        if (many === 'list') return [name, values];
        if (many === 'map') return [name, mapOf(values)];
        return [name, values.at(-1) ?? format.absent];
      }),
    );
  }
}
