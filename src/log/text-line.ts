import { printableLine } from '../terminal/printable.ts';
import { priorityOf } from './priority.ts';
import { calendarClock, type Clock } from './local-time.ts';
import type { LogLevel } from './log.ts';

/** What a text line is made of. */
export interface TextRecord {
  /** Ms since 1970. */
  readonly time: number;
  readonly level: LogLevel;
  readonly msg: string;
}

/** Longer than any message of this program; what katran or the kernel says may have any length. */
const LONGEST = 4000;

const WORDS: Readonly<Record<LogLevel, string>> = {
  debug: '',
  info: '',
  warn: 'warning: ',
  error: 'error: ',
};

/** `2019/01/28 14:19:51 warning: message`, local time; one line whatever the message holds. */
export function textLine({ time, level, msg }: TextRecord, clock: Clock = calendarClock): string {
  return `${clock(time)} ${WORDS[level]}${printableLine(msg, LONGEST)}`;
}

/** `<4>warning: message`, as the journal reads it from a service's stderr. */
export function journalLine({ level, msg }: Omit<TextRecord, 'time'>): string {
  return `${priorityOf(level)}${WORDS[level]}${printableLine(msg, LONGEST)}`;
}
