import type { Clock } from './local-time.ts';

/** What the program says about itself while it works; everything goes to stderr. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  /** `code` is that of a Warning, for scripts that read JSON lines. */
  warn(message: string, code?: string): void;
  error(message: string): void;
}

/** For whoever has words of its own for what it is told. */
export const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Takes one finished line, line feed included. */
export type LineWriter = (line: string) => void;

export interface LogOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  readonly write: LineWriter;
  /** For text lines; the runtime's calendar unless said. */
  readonly clock?: Clock;
  /** The lines go to the journal, which reads the severity from their beginning, and has times of its own for text. */
  readonly journal?: boolean;
}
