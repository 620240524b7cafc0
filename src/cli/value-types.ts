import { parseHostPort } from '../linux/host-port.ts';
import { CpuListError, parseCpuList } from '../linux/cpu-list.ts';
import { isIpAddress } from '../linux/ip-address.ts';
import { macProblem, parseMac } from '../linux/mac.ts';

/** What a flag's value must look like; `takes` completes the sentence `-name takes …`. */
export interface ValueType<T> {
  readonly kind:
    'boolean' | 'integer' | 'choice' | 'text' | 'path' | 'interface' | 'cpus' | 'mac' | 'address';
  readonly takes: string;
  /** Placeholder in the usage text. */
  readonly placeholder: string;
  readonly choices?: readonly string[];
  /** The value, or undefined when the text is none. */
  parse(text: string): T | undefined;
  /** Why a text is refused, where there is more to say than `takes`. */
  problem?: (text: string) => string | undefined;
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

export const boolean: ValueType<boolean> = {
  kind: 'boolean',
  takes: 'true or false (-name, -name=true, -name=false)',
  placeholder: '',
  parse: (text) => (TRUE.has(text) ? true : FALSE.has(text) ? false : undefined),
};

/** An underscore stands between digits, or between a base's prefix and a digit. */
const INTEGER = /^([+-]?)(0x(?:_?[0-9a-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/i;
/** More digits than any flag's range has; a number of a million digits takes seconds to read. */
const LONGEST_INTEGER = 1000;

/** An integer as Go reads it: decimal, `0x10`, `0o10`, `010` (octal), `0b1`, `1_000`, with a sign; undefined when it is none. */
export function parseInteger(text: string): bigint | undefined {
  const match = text.length > LONGEST_INTEGER ? null : INTEGER.exec(text);
  if (match === null) return undefined;
  const [, sign, written = ''] = match;
  const digits = written.replaceAll('_', '');
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return sign === '-' ? -magnitude : magnitude;
}

export function integer(min: number, max: number): ValueType<number> {
  return {
    kind: 'integer',
    takes:
      max === Number.MAX_SAFE_INTEGER
        ? `a whole number, ${min} or more`
        : `a whole number from ${min} to ${max}`,
    placeholder: 'N',
    parse: (text) => {
      const value = parseInteger(text);
      return value === undefined || value < BigInt(min) || value > BigInt(max) ? undefined : Number(value);
    },
  };
}

/** One of some words; their position works as well, as a number in any notation, where `numbered`. */
export function choice<const W extends string>(words: readonly W[], numbered = false): ValueType<W> {
  const list = words.map((word, i) => (numbered ? `${i} (${word})` : word));
  return {
    kind: 'choice',
    takes: `one of ${list.join(', ')}`,
    placeholder: words.join('|'),
    choices: words,
    parse: (text) => {
      const named = words.find((word) => word === text);
      if (named !== undefined || !numbered) return named;
      const position = parseInteger(text);
      return position === undefined || position < 0n ? undefined : words[Number(position)];
    },
  };
}

const withoutNul = (text: string): string | undefined => (text.includes('\0') ? undefined : text);

export const text: ValueType<string> = {
  kind: 'text',
  takes: 'a text',
  placeholder: 'TEXT',
  parse: withoutNul,
};
export const path: ValueType<string> = {
  kind: 'path',
  takes: 'a path',
  placeholder: 'PATH',
  parse: withoutNul,
};

const interfaceName = (value: string): boolean =>
  value !== '.' && value !== '..' && /^[^\s/\0:]{1,15}$/.test(value) && Buffer.byteLength(value) <= 15;

export const networkInterface: ValueType<string> = {
  kind: 'interface',
  takes: "an interface's name (1 to 15 bytes, no '/', ':' or space)",
  placeholder: 'IF',
  parse: (value) => (interfaceName(value) ? value : undefined),
};

/** Where katran takes an empty name as well. */
export const networkInterfaceOrNone: ValueType<string> = {
  ...networkInterface,
  takes: `${networkInterface.takes}, or nothing`,
  parse: (value) => (value === '' ? value : networkInterface.parse(value)),
};

export const cpuList: ValueType<readonly number[]> = {
  kind: 'cpus',
  takes: 'a CPU list such as 2-9,16',
  placeholder: 'LIST',
  parse: (value) => {
    try {
      const cpus = parseCpuList(value);
      return cpus.length === 0 ? undefined : cpus;
    } catch (error) {
      if (error instanceof CpuListError) return undefined;
      throw error;
    }
  },
};

export const mac: ValueType<string> = {
  kind: 'mac',
  takes: 'a MAC address such as 52:54:00:12:35:02',
  placeholder: 'MAC',
  parse: (value) => (macProblem(value) === undefined ? parseMac(value) : undefined),
  // Of a text that is no MAC, `takes` says all there is to say.
  problem: (value) => (parseMac(value) === undefined ? undefined : macProblem(value)),
};

export const ipAddress: ValueType<string> = {
  kind: 'address',
  takes: 'an IPv4 or IPv6 address',
  placeholder: 'ADDRESS',
  parse: (value) => (isIpAddress(value) ? value : undefined),
};

export const numaNode: ValueType<number | 'nic'> = {
  kind: 'choice',
  takes: "a NUMA node's number, or nic",
  placeholder: 'N|nic',
  choices: ['nic'],
  parse: (value) => (value === 'nic' ? value : integer(0, 65535).parse(value)),
};

/** `HOST:PORT`, as katran's -server takes it. */
export const serverAddress: ValueType<string> = {
  kind: 'text',
  takes: 'HOST:PORT, for example 127.0.0.1:50051 or [::1]:50051',
  placeholder: 'HOST:PORT',
  parse: (value) => (parseHostPort(value) === undefined ? undefined : value),
};
