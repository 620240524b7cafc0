import { printableLine } from '../terminal/printable.ts';
import { calendarClock, type Clock } from './local-time.ts';

/** What a text line is made of: ms since 1970, and the message. */
export interface TextRecord {
  readonly time: number;
  readonly msg: string;
}

/** Longer than any message of this program; what katran or the kernel says may have any length. */
const LONGEST = 4000;

/** `2019/01/28 14:19:51 message`, local time; one line whatever the message holds. */
export function textLine({ time, msg }: TextRecord, clock: Clock = calendarClock): string {
  return `${clock(time)} ${printableLine(msg, LONGEST)}`;
}
