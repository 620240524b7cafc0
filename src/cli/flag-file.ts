import { UsageError } from '../failure.ts';
import { printable, quoted } from '../terminal/printable.ts';
import { FLAGS, type FlagName } from './flags.ts';
import { readGiven, type Given, type GivenFlags } from './given.ts';
import { canonicalName, findFlag, needsValue } from './go-syntax.ts';
import { unknownFlagIn } from './program.ts';
import { readWhole, type Read } from './read-whole.ts';

/** Read when no `-flagfile` is given, if it exists. */
const DEFAULT_FLAG_FILE = '/etc/start-katran/flags';

/**
 * Parses a flag file: one `name=value` or `name` (a boolean) a line; a `#` at the beginning of a line or after a space
 * begins a comment. Throws UsageError that names the file and the line.
 */
export function parseFlagFile(content: string, file: string): GivenFlags {
  const given: Partial<Record<FlagName, Given>> = {};
  for (const [index, raw] of content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = withoutComment(raw).trim();
    if (line === '') continue;
    const source = `${printable(file)}:${index + 1}`;
    const [, name = '', value] = /^-{0,2}([^=\s]*)\s*(?:=\s*(.*))?$/.exec(line) ?? [];
    if (name === '') throw new UsageError(`${source}: ${quoted(line)} is no flag; write name=value or name`);
    const flag = findFlag(name);
    if (flag === undefined) {
      if (!/^[\w-]+$/.test(name))
        throw new UsageError(`${source}: ${quoted(name)} is no flag: names are letters, digits, _ and -`);
      throw new UsageError(`${source}: ${unknownFlagIn(canonicalName(name)).message}`);
    }
    if (flag === 'flagfile') throw new UsageError(`${source}: a flag file cannot name another one`);
    if (value === undefined && FLAGS[flag].type.kind !== 'boolean') {
      throw new UsageError(`${source}: ${flag} ${needsValue(flag)}`);
    }
    given[flag] = readGiven(flag, value ?? 'true', source);
  }
  return given;
}

function withoutComment(line: string): string {
  const at = line.search(/(?:^|\s)#/);
  return at < 0 ? line : line.slice(0, at);
}

function understood({ text, problem }: Read, file: string, from = ''): GivenFlags {
  if (text !== undefined) return parseFlagFile(text, file);
  throw new UsageError(`cannot read the flag file ${printable(file)}${from}: ${problem}`);
}

/**
 * Reads the named flag files, later ones over earlier ones, or the default one if it is there. Throws UsageError when one cannot
 * be read or understood.
 */
export function readFlagFiles(named: readonly Given[]): GivenFlags {
  const files = named.filter(({ text }) => text !== '');
  if (files.length > 0) {
    return files.reduce<GivenFlags>(
      (before, { text, source }) => ({
        ...before,
        ...understood(readWhole(text), text, ` (from ${source})`),
      }),
      {},
    );
  }
  const read = readWhole(DEFAULT_FLAG_FILE);
  return read.isAbsent === true ? {} : understood(read, DEFAULT_FLAG_FILE);
}
