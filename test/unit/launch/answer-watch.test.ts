import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchAnswers, type AnswerWatch } from '../../../src/launch/answer-watch.ts';
import { keepingLog } from './stand-ins.ts';

let log: ReturnType<typeof keepingLog>;
let answers: boolean;
let asked: number;
let givenUp: number;
let others: boolean;
let watch: AnswerWatch;
beforeEach(() => {
  vi.useFakeTimers();
  log = keepingLog();
  answers = true;
  asked = 0;
  givenUp = 0;
  others = true;
});
afterEach(() => {
  watch.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function begin(timeoutMs = 0, intervalMs = 1000): void {
  watch = watchAnswers({
    pid: 7,
    intervalMs,
    ask: () => {
      asked += 1;
      return answers ? Promise.resolve() : Promise.reject(new Error('DEADLINE_EXCEEDED'));
    },
    mayHaveCalled: () => others,
    log,
    timeoutMs,
    onUnresponsive: () => (givenUp += 1),
  });
}

describe('a katran that is asked again and again', () => {
  it('and answers is asked at least once in two rounds, and is worth no word', async () => {
    begin();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked).toBe(11);
    expect(log.lines).toEqual([]);
  });

  it('and has been called by nobody else is asked once in 11 s, or once a minute where it answers other calls', async () => {
    others = false;
    begin();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked).toBeGreaterThanOrEqual(8);
    expect(asked).toBeLessThanOrEqual(10);
    asked = 0;
    for (let seconds = 0; seconds < 120; seconds += 10) {
      watch.heard();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(asked).toBe(2);
  });

  it('and has been called by somebody else is asked within two rounds', async () => {
    others = false;
    begin();
    await vi.advanceTimersByTimeAsync(3_000);
    asked = 0;
    others = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toBe(1);
  });

  it('and has been called by nobody else is asked four times in the time after which it is given up', async () => {
    others = false;
    begin(20_000);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(asked).toBeGreaterThanOrEqual(6);
    answers = false;
    await vi.advanceTimersByTimeAsync(28_000);
    expect(givenUp).toBe(1);
  });

  it('and is silent is asked every round', async () => {
    begin();
    answers = false;
    await vi.advanceTimersByTimeAsync(1_950);
    asked = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toBe(10);
  });

  it('at an interval of hours is asked every two seconds all the same', async () => {
    begin(0, 3_600_000);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(asked).toBe(6);
  });

  it('and is silent for less than 5 s is worth no word', async () => {
    begin();
    answers = false;
    await vi.advanceTimersByTimeAsync(4_500);
    answers = true;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(log.lines).toEqual([]);
  });

  it('and is silent is an error at 5 s and once a minute, and never given up', async () => {
    begin();
    answers = false;
    await vi.advanceTimersByTimeAsync(130_000);
    expect(log.lines).toEqual([
      expect.stringMatching(
        /^error: katran \(pid 7\) has not answered for [56] s \(DEADLINE_EXCEEDED\); it forwards/,
      ),
      expect.stringMatching(/^error: katran \(pid 7\) has not answered for 6[567] s/),
      expect.stringMatching(/^error: katran \(pid 7\) has not answered for 12[5678] s/),
    ]);
    expect(givenUp).toBe(0);
    answers = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(log.lines.at(-1)).toMatch(/^info: katran \(pid 7\) answers again, after 1[23]\d s/);
  });

  it('and is silent for the time-out is given up, and again every minute', async () => {
    begin(20_000);
    answers = false;
    await vi.advanceTimersByTimeAsync(22_000);
    expect(givenUp).toBe(1);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(givenUp).toBe(2);
  });
});
