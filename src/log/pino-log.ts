import pino from 'pino';
import { priorityOf } from './priority.ts';
import { LOG_LEVELS, type Log, type LogLevel, type LogOptions } from './log.ts';
import { textLine, type TextRecord } from './text-line.ts';

const LEVELS = new Map<unknown, LogLevel>(LOG_LEVELS.map((level) => [pino.levels.values[level], level]));

/** One of our own lines, as pino writes them. */
function recordOf(value: unknown): TextRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('time' in value) || typeof value.time !== 'number') return undefined;
  if (!('msg' in value) || typeof value.msg !== 'string') return undefined;
  const level = 'level' in value ? LEVELS.get(value.level) : undefined;
  return level === undefined ? undefined : { time: value.time, level, msg: value.msg };
}

function logOf(logger: pino.Logger): Log {
  return {
    debug: (message) => logger.debug(message),
    info: (message) => logger.info(message),
    warn: (message, code) => logger.warn(code === undefined ? {} : { code }, message),
    error: (message) => logger.error(message),
  };
}

/** A log of JSON lines; for the journal each begins with its severity. Import this file lazily: it loads pino. */
export function jsonLog({ level, write, journal = false }: LogOptions): Log {
  const format = {
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const stream = {
    // With it pino says at which level it writes.
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string): void {
      write(journal ? `${priorityOf(LEVELS.get(this.lastLevel) ?? 'info')}${line}` : line);
    },
  };
  return logOf(pino({ level, base: null, ...format }, stream));
}

/** The same text lines as without colours, coloured by level; loads pino-pretty. */
export async function colouredLog({ level, write }: LogOptions): Promise<Log> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({
    colorize: true,
    customColors: { message: 'reset' },
    ignore: 'time,level,code',
    messageFormat: (record, _key, _label, { colors }) => {
      const read = recordOf(record);
      if (read === undefined) return JSON.stringify(record);
      const text = textLine(read);
      if (read.level === 'error') return colors.red(text);
      return read.level === 'warn' ? colors.yellow(text) : text;
    },
  });
  return logOf(pino({ level, base: null }, { write: (line: string) => write(pretty(JSON.parse(line))) }));
}
