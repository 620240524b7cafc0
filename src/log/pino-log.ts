import pino from 'pino';
import { type Log, type LogOptions } from './log.ts';
import { textLine, type TextRecord } from './text-line.ts';

const WARN = 40;
const ERROR = 50;

function isRecord(value: unknown): value is TextRecord & { readonly level: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'time' in value &&
    typeof value.time === 'number' &&
    'level' in value &&
    typeof value.level === 'number' &&
    'msg' in value &&
    typeof value.msg === 'string'
  );
}

function logOf(logger: pino.Logger): Log {
  return {
    debug: (message) => logger.debug(message),
    info: (message) => logger.info(message),
    warn: (message) => logger.warn(message),
    error: (message) => logger.error(message),
  };
}

/** A log of JSON lines. Import this file lazily: it loads pino. */
export function jsonLog({ level, write }: LogOptions): Log {
  const format = {
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return logOf(pino({ level, base: null, ...format }, { write }));
}

/** The same text lines as without colours, coloured by level; loads pino-pretty. */
export async function colouredLog({ level, write }: LogOptions): Promise<Log> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({
    colorize: true,
    customColors: { message: 'reset' },
    ignore: 'time,level',
    messageFormat: (record, _key, _label, { colors }) => {
      if (!isRecord(record)) return JSON.stringify(record);
      const text = textLine(record);
      if (record.level >= ERROR) return colors.red(text);
      return record.level >= WARN ? colors.yellow(text) : text;
    },
  });
  return logOf(pino({ level, base: null }, { write: (line: string) => write(pretty(JSON.parse(line))) }));
}
