import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SendTimes } from '../../../src/gateway/send-times.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('lets one through in each period, and counts each receiver by itself', () => {
  const times = new SendTimes(10_000);
  let sent = 0;
  for (let second = 0; second < 60; second++) {
    if (times.isDue('10.0.0.1')) sent += 1;
    vi.advanceTimersByTime(1000);
  }
  expect(sent).toBe(6);
  expect([times.isDue('10.0.0.2'), times.isDue('10.0.0.2')]).toEqual([true, false]);
});

it('still holds back those it sent to last after many others', () => {
  const times = new SendTimes(10_000);
  for (let i = 0; i < 1000; i++) times.isDue(`10.0.${i >> 8}.${i & 255}`);
  expect(times.isDue('10.0.3.231')).toBe(false);
});
