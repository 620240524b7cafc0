import { calendarClock, type Clock } from './local-time.ts';

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

/** What a text line is made of: ms since 1970, and the message. */
export interface TextRecord {
  readonly time: number;
  readonly msg: string;
}

const CONTROL = /\p{Cc}/u;

/** Names from the kernel and words from elsewhere end up in messages: none may break a line or steer a terminal. */
function oneLine(text: string): string {
  if (!CONTROL.test(text)) return text.trim();
  return text
    .trim()
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll(/\p{Cc}/gu, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** `2019/01/28 14:19:51 message`, local time; one line whatever the message holds. */
export function textLine({ time, msg }: TextRecord, clock: Clock = calendarClock): string {
  return `${clock(time)} ${oneLine(msg)}`;
}

export interface LogOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  readonly write: LineWriter;
  /** For text lines; the runtime's calendar unless said. */
  readonly clock?: Clock;
}

/** A log whose lines can be given another look later, without whoever holds it noticing. */
export interface LogStream extends Log {
  /** Colours the lines of a text log by their level from now on. */
  colour(): Promise<void>;
}

const NOTHING = (): void => undefined;

/** Plain text lines need no library; a run that only writes masks loads none. */
function textLog({ level, write, clock }: LogOptions): Log {
  const line = (msg: string): void => write(`${textLine({ time: Date.now(), msg }, clock)}\n`);
  const from = LOG_LEVELS.indexOf(level);
  const at = (own: LogLevel): Log[LogLevel] => (LOG_LEVELS.indexOf(own) >= from ? line : NOTHING);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Opens the log. pino is loaded for JSON lines, and with pino-pretty for colours. */
export async function openLog(options: LogOptions): Promise<LogStream> {
  const { format } = options;
  let log = format === 'json' ? (await import('./pino-log.ts')).jsonLog(options) : textLog(options);
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
    colour: async () => {
      if (format === 'text') log = await (await import('./pino-log.ts')).colouredLog(options);
    },
  };
}
