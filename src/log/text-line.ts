import { calendarClock, type Clock } from './local-time.ts';

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
