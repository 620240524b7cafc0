import pino from 'pino';

/** What the program says about itself while it works; everything goes to stderr. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Takes one finished line, line feed included. */
export type LineWriter = (line: string) => void;

interface LogRecord {
  readonly time: number;
  readonly level: number;
  readonly msg: string;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** Names from the kernel and words from elsewhere end up in messages: none may break a line or steer a terminal. */
function oneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** `2019/01/28 14:19:51 message`, local time; one line whatever the message holds. */
export function textLine(record: Pick<LogRecord, 'time' | 'msg'>): string {
  const t = new Date(record.time);
  const day = `${t.getFullYear()}/${two(t.getMonth() + 1)}/${two(t.getDate())}`;
  const clock = `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  return `${day} ${clock} ${oneLine(record.msg)}`;
}

function isRecord(value: unknown): value is LogRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'time' in value &&
    typeof value.time === 'number' &&
    'msg' in value &&
    typeof value.msg === 'string'
  );
}

function plainText(line: string): string {
  const record: unknown = JSON.parse(line);
  return isRecord(record) ? `${textLine(record)}\n` : line;
}

const WARN = 40;
const ERROR = 50;

/** Turns pino's JSON lines into coloured text; pino-pretty is loaded only here, on the paths that live long. */
async function prettyText(colour: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    colorize: colour,
    customColors: { message: 'reset' },
    ignore: 'time,level',
    messageFormat: (record, _key, _label, { colors }) => {
      if (!isRecord(record)) return JSON.stringify(record);
      const text = textLine(record);
      if (record.level >= ERROR) return colors.red(text);
      return record.level >= WARN ? colors.yellow(text) : text;
    },
  });
  return (line) => format(JSON.parse(line));
}

export interface LogOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  readonly write: LineWriter;
}

/** A log whose lines can be given another look later, without whoever holds it noticing. */
export interface LogStream extends Log {
  /** For runs that stay: lets pino-pretty write the lines, coloured if asked. */
  prettify(colour: boolean): Promise<void>;
}

/** Opens the log; text lines are made in process, JSON lines are pino's own. */
export function openLog({ format, level, write }: LogOptions): LogStream {
  let toLine: (line: string) => string = format === 'text' ? plainText : (line) => line;
  const json = {
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(
    { level, base: null, ...(format === 'json' ? json : {}) },
    { write: (line: string) => write(toLine(line)) },
  );
  return {
    debug: (message) => logger.debug(message),
    info: (message) => logger.info(message),
    warn: (message) => logger.warn(message),
    error: (message) => logger.error(message),
    prettify: async (colour) => {
      if (format === 'text') toLine = await prettyText(colour);
    },
  };
}
