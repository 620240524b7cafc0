import type { Log } from '../../src/log/log.ts';

export type Level = keyof Log;

/** A log that keeps its lines, `level: message`. */
export function recordingLog(): Log & { lines: string[]; of(level: Level): string[] } {
  const lines: string[] = [];
  const add = (level: Level) => (message: string) => void lines.push(`${level}: ${message}`);
  return {
    lines,
    of: (level) =>
      lines.filter((line) => line.startsWith(`${level}: `)).map((line) => line.slice(level.length + 2)),
    debug: add('debug'),
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
  };
}
