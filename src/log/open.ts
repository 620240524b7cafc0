import { LOG_LEVELS, type Log, type LogLevel, type LogOptions } from './log.ts';
import { textLine } from './text-line.ts';

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
