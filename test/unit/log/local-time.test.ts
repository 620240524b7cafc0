import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarClock, fixedOffset, localClock } from '../../../src/log/local-time.ts';

/** A tzfile(5) with these 64-bit changes and this rule for the time after them. */
function zoneFile(changes: readonly number[], rule: string, leaps = 0): Buffer {
  const header = (times: number): Buffer => {
    const bytes = Buffer.alloc(44);
    bytes.write('TZif2', 'latin1');
    [0, 0, leaps, times, 1, 4].forEach((count, i) => bytes.writeUInt32BE(count, 20 + i * 4));
    return bytes;
  };
  const times = Buffer.alloc(changes.length * 8);
  changes.forEach((seconds, i) => times.writeBigInt64BE(BigInt(seconds), i * 8));
  const rest = Buffer.alloc(6 + 4);
  return Buffer.concat([
    header(0),
    rest,
    Buffer.alloc(leaps * 8),
    header(changes.length),
    times,
    Buffer.alloc(changes.length),
    rest,
    Buffer.from(`\n${rule}\n`),
  ]);
}

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

describe('the offset of a time zone', () => {
  it.each([
    ['UTC0', 0],
    ['JST-9', 9 * HOUR],
    ['<-03>3', -3 * HOUR],
    ['<+0530>-5:30', 5.5 * HOUR],
  ])('%s has one', (rule, offset) => {
    expect(fixedOffset(zoneFile([0, 1_000_000_000], rule), NOW)).toBe(offset);
    expect(fixedOffset(zoneFile([], rule), NOW)).toBe(offset);
  });

  it.each(['CET-1CEST,M3.5.0,M10.5.0/3', ''])('%j has none', (rule) => {
    expect(fixedOffset(zoneFile([0], rule), NOW)).toBeUndefined();
  });

  it('is not known before the last change, nor with leap seconds', () => {
    expect(fixedOffset(zoneFile([NOW / 1000 + 1], 'UTC0'), NOW)).toBeUndefined();
    expect(fixedOffset(zoneFile([0], 'UTC0', 1), NOW)).toBeUndefined();
  });

  it('is a number or nothing for any bytes, truncated files included', () => {
    const whole = zoneFile([0, 1], 'UTC0');
    const cut = fc.nat(whole.length).map((length) => whole.subarray(0, length));
    const damaged = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(cut, damaged), (zone) => {
        expect(typeof (fixedOffset(zone, NOW) ?? 0)).toBe('number');
      }),
    );
  });
});

describe('the local clock', () => {
  it('says what the calendar of the runtime says, whatever the zone of this machine', () => {
    const clock = localClock(process.env.TZ);
    for (const ms of [0, 999, 1000, 61_000, HOUR, 25 * HOUR])
      expect(clock(Date.now() + ms)).toBe(calendarClock(Date.now() + ms));
  });

  it('leaves a zone given as TZ to the calendar', () => {
    expect(localClock('Asia/Tokyo')(NOW)).toBe(calendarClock(NOW));
  });
});
