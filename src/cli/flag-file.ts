import fs from 'node:fs';
import { UsageError, messageOf } from '../failure.ts';
import { FLAGS, type FlagName } from './flags.ts';
import { parseFlags } from './flag-parser.ts';
import { canonicalName, findFlag } from './go-syntax.ts';

/** Read when no `-flagfile` is given, if it exists. */
export const DEFAULT_FLAG_FILE = '/etc/start-katran/flags';

/** A flag's text and the place that said so, for error messages. */
export interface SourcedText {
  readonly text: string;
  readonly source: string;
}
export type SourcedTexts = Partial<Record<FlagName, SourcedText>>;

/**
 * Parses a flag file: one `name=value` or `name` (a boolean) a line; a `#` at the beginning of a line or after a space
 * begins a comment. Throws UsageError that names the file and the line.
 */
export function parseFlagFile(content: string, file: string): SourcedTexts {
  const texts: SourcedTexts = {};
  for (const [index, raw] of content
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.replace(/(^|\s)#.*$/, '').trim();
    if (line === '') continue;
    const source = `${file}:${index + 1}`;
    const [, name = '', value] = /^-{0,2}([^=\s]*)\s*(?:=\s*(.*))?$/.exec(line) ?? [];
    if (name === '')
      throw new UsageError(`${source}: ${JSON.stringify(line)} is no flag; write name=value or name`);
    const flag = findFlag(name);
    if (flag === undefined) {
      try {
        parseFlags([`--${canonicalName(name)}`]);
      } catch (error) {
        throw new UsageError(`${source}: ${messageOf(error)}`);
      }
      continue;
    }
    if (flag === 'flagfile') throw new UsageError(`${source}: a flag file cannot name another one`);
    if (value === undefined && FLAGS[flag].type.kind !== 'boolean') {
      throw new UsageError(`${source}: ${flag} needs a value: it takes ${FLAGS[flag].type.takes}`);
    }
    texts[flag] = { text: value ?? 'true', source };
  }
  return texts;
}

/** Reads the named flag file, or the default one if it is there. Throws UsageError when it cannot be read or understood. */
export function readFlagFile(given: SourcedText | undefined): SourcedTexts {
  const named = given?.text === '' ? undefined : given;
  const file = named?.text ?? DEFAULT_FLAG_FILE;
  let content: string;
  try {
    content = fs.readFileSync(file, 'utf8');
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (absent && named === undefined) return {};
    const from = named === undefined ? '' : ` (from ${named.source})`;
    throw new UsageError(
      `cannot read the flag file ${file}${from}: ${absent ? 'no such file' : messageOf(error)}`,
    );
  }
  return parseFlagFile(content, file);
}
