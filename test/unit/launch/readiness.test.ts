import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pushUntilItReadsBack, waitForAnswer } from '../../../src/launch/readiness.ts';
import { keepingLog, KatranStandIn } from './stand-ins.ts';

const MAC = '96:a3:21:a5:07:cb';
const OVER = new Error('over');

interface Waiting {
  readonly katran: KatranStandIn;
  readonly log: ReturnType<typeof keepingLog>;
  readonly end: AbortController;
}

let waiting: Waiting;
beforeEach(() => {
  vi.useFakeTimers();
  waiting = { katran: new KatranStandIn(), log: keepingLog(), end: new AbortController() };
});
afterEach(() => {
  vi.useRealTimers();
});

const answer = (): Promise<void> =>
  waitForAnswer({
    client: waiting.katran,
    log: waiting.log,
    until: waiting.end.signal,
    isListening: () => true,
  });
const push = (): Promise<void> =>
  pushUntilItReadsBack({ client: waiting.katran, mac: MAC, log: waiting.log, until: waiting.end.signal });

describe('waiting for katran to answer', () => {
  it('ends at the first answer, and complains about nothing', async () => {
    await answer();
    expect(waiting.katran.calls).toBe(1);
    expect(waiting.log.lines).toEqual([]);
  });

  it('asks again, and says once a second that it cannot reach it', async () => {
    waiting.katran.reads = Array.from({ length: 640 }, () => 'fail' as const);
    const done = answer();
    await vi.advanceTimersByTimeAsync(10_000);
    await done;
    const complaints = waiting.log.lines.filter(
      (line) => line === 'info: cannot reach katran server. retrying',
    );
    expect(waiting.katran.calls).toBe(641);
    expect(complaints).toHaveLength(2); // after 2 and 3 s
  });

  it.each([
    [1900, 0],
    [2500, 1],
    [3500, 2],
  ])('of a start that takes %d ms says so %d times', async (ms, times) => {
    waiting.katran.reads = Array.from({ length: ms / 5 }, () => 'fail' as const);
    const done = answer();
    await vi.advanceTimersByTimeAsync(ms);
    await done;
    expect(waiting.log.lines.filter((line) => line.startsWith('info: cannot reach'))).toHaveLength(times);
  });

  it.each(['hang', 'fail'] as const)(
    'ends at once with the reason when it is over while a call would %s',
    async (how) => {
      waiting.katran.reads = Array.from({ length: 1000 }, () => how);
      const done = answer();
      const thrown = expect(done).rejects.toBe(OVER);
      await vi.advanceTimersByTimeAsync(50);
      waiting.end.abort(OVER);
      await thrown;
    },
  );

  it('asks nothing when it is over before it begins', async () => {
    waiting.end.abort(OVER);
    await expect(answer()).rejects.toBe(OVER);
    expect(waiting.katran.calls).toBe(0);
  });
});

describe('pushing the first MAC', () => {
  it('goes on until it reads back', async () => {
    waiting.katran.changes = ['refuse', 'ignore', 'success=false'];
    const done = push();
    await vi.advanceTimersByTimeAsync(1000);
    await done;
    expect(waiting.katran.mac).toBe(MAC);
    expect(waiting.katran.given).toHaveLength(4);
    expect(waiting.log.lines).toHaveLength(3);
  });

  it('makes pauses that grow, to a second at most', async () => {
    waiting.katran.changes = Array.from({ length: 100 }, () => 'refuse' as const);
    const done = push();
    const thrown = expect(done).rejects.toBe(OVER);
    await vi.advanceTimersByTimeAsync(1550);
    expect(waiting.katran.given).toHaveLength(6); // after 0, 50, 150, 350, 750, 1550 ms
    await vi.advanceTimersByTimeAsync(3000);
    expect(waiting.katran.given).toHaveLength(9);
    waiting.end.abort(OVER);
    await thrown;
  });

  it('accepts a katran that goes on refusing but has the MAC already, with a warning', async () => {
    waiting.katran.changes = Array.from({ length: 100 }, () => 'refuse' as const);
    waiting.katran.mac = MAC;
    const done = push();
    await vi.advanceTimersByTimeAsync(4000);
    await done;
    expect(waiting.log.lines.at(-1)).toMatch(/^warn: katran refuses changeMac but has MAC .* already/);
  });

  it('ends at once with the reason when it is over while changeMac hangs', async () => {
    waiting.katran.changes = ['hang'];
    const thrown = expect(push()).rejects.toBe(OVER);
    await vi.advanceTimersByTimeAsync(10);
    waiting.end.abort(OVER);
    await thrown;
  });

  it('passes on what is no foreseen failure', async () => {
    waiting.katran.getMac = () => Promise.reject(new TypeError('a mistake'));
    waiting.katran.changeMac = () => Promise.resolve(true);
    await expect(push()).rejects.toThrow(TypeError);
  });
});
