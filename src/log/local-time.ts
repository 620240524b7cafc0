import fs from 'node:fs';

/** `2019/01/28 14:19:51` for ms since 1970. */
export type Clock = (time: number) => string;

const ZONE_FILE = '/etc/localtime';
const HEADER_BYTES = 44;
/** A rule of POSIX TZ with no daylight saving time in it: `UTC0`, `JST-9`, `<+0530>-5:30`; hours count westwards. */
const FIXED_RULE = /^(?:<[^>]+>|[a-z]{3,})([+-]?)(\d{1,2})(?::(\d\d))?$/i;

const two = (n: number): string => String(n).padStart(2, '0');

/** By the runtime's calendar. */
export function calendarClock(time: number): string {
  const t = new Date(time);
  const day = `${t.getFullYear()}/${two(t.getMonth() + 1)}/${two(t.getDate())}`;
  return `${day} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}

/** Ms to add to UTC by such a rule, or undefined when it is another one. */
function offsetOfRule(rule: string): number | undefined {
  const match = FIXED_RULE.exec(rule);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? minutes : 0 - minutes) * 60_000;
}

/** The six counts of a tzfile(5) header at that place: utc, standard, leap, time, type, char. */
function countsAt(zone: DataView, start: number): number[] {
  return Array.from({ length: 6 }, (_, i) => zone.getUint32(start + 20 + i * 4));
}

/**
 * Ms to add to UTC in the zone of a tzfile(5), where that is one number from its last change on and that change is
 * past; undefined for any other zone and for what is no such file.
 */
export function fixedOffset(zone: Buffer, now: number): number | undefined {
  if (zone.toString('latin1', 0, 4) !== 'TZif' || zone.length < 2 * HEADER_BYTES) return undefined;
  // A Buffer's own methods for numbers take ten times as long when they are called for the first time.
  const numbers = new DataView(zone.buffer, zone.byteOffset, zone.byteLength);
  const [utc = 0, standard = 0, leap = 0, times = 0, types = 0, chars = 0] = countsAt(numbers, 0);
  const second = HEADER_BYTES + times * 5 + types * 6 + chars + leap * 8 + standard + utc;
  if (zone.length < second + HEADER_BYTES) return undefined;
  const [, , leaps = 0, changes = 0] = countsAt(numbers, second);
  if (leaps > 0 || zone.length < second + HEADER_BYTES + changes * 8) return undefined;
  const last = changes === 0 ? 0n : numbers.getBigInt64(second + HEADER_BYTES + (changes - 1) * 8);
  if (last * 1000n > BigInt(Math.floor(now))) return undefined;
  return offsetOfRule(zone.toString('latin1', zone.lastIndexOf('\n', -2) + 1, zone.length - 1));
}

function readZone(): Buffer | undefined {
  try {
    return fs.readFileSync(ZONE_FILE);
  } catch {
    return undefined;
  }
}

/**
 * The local time. Asking the runtime's calendar for it loads its time zone data, which takes as long as all the rest of
 * a run that writes masks; most servers are in a zone that needs no calendar. `zoneVariable` is TZ.
 */
export function localClock(zoneVariable: string | undefined, now = Date.now()): Clock {
  const zone = zoneVariable === undefined ? readZone() : undefined;
  const offset = zone === undefined ? undefined : fixedOffset(zone, now);
  const exact: Clock =
    offset === undefined
      ? calendarClock
      : (time) => {
          const iso = new Date(time + offset).toISOString();
          return `${iso.slice(0, 10).replaceAll('-', '/')} ${iso.slice(11, 19)}`;
        };
  let second = -1;
  let text = '';
  return (time) => {
    const asked = Math.floor(time / 1000);
    if (asked !== second) text = exact(time);
    second = asked;
    return text;
  };
}
