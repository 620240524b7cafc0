import { LOG_LEVELS, type Log, type LogLevel, type LogOptions } from './log.ts';
import { journalLine, textLine } from './text-line.ts';

/** A log whose lines can be given another look later, without whoever holds it noticing. */
export interface LogStream extends Log {
  /** Colours the lines of a text log by their level from now on. */
  colour(): Promise<void>;
}

const NOTHING = (): void => undefined;

/** Plain text lines need no library; a run that only writes masks loads none. */
function textLog({ level: least, write, clock, journal = false }: LogOptions): Log {
  const line = (level: LogLevel, msg: string): string =>
    journal ? journalLine({ level, msg }) : textLine({ time: Date.now(), level, msg }, clock);
  const from = LOG_LEVELS.indexOf(least);
  const at = (level: LogLevel): ((msg: string) => void) =>
    LOG_LEVELS.indexOf(level) >= from ? (msg) => write(`${line(level, msg)}\n`) : NOTHING;
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Opens the log. pino is loaded for JSON lines, and with pino-pretty for colours. */
export async function openLog(options: LogOptions): Promise<LogStream> {
  const { format } = options;
  let log = format === 'json' ? (await import('./pino-log.ts')).jsonLog(options) : textLog(options);
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message, code) => log.warn(message, code),
    error: (message) => log.error(message),
    colour: async () => {
      // The journal colours by severity itself.
      if (format === 'text' && options.journal !== true)
        log = await (await import('./pino-log.ts')).colouredLog(options);
    },
  };
}
