import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KatranExit, KatranProcess } from '../../../src/katran/process.ts';
import { SHUTDOWN_GRACE_MS, stopKatran } from '../../../src/launch/shutdown.ts';
import { DONE, keepingLog, ProcessStandIn } from './stand-ins.ts';

const KILLED: KatranExit = { code: null, signal: 'SIGKILL' };
const DELAY_MS = 1000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('stopping katran', () => {
  const stop = (katran: KatranProcess, log = keepingLog(), shutdownDelayMs = DELAY_MS): Promise<KatranExit> =>
    stopKatran({ katran, shutdownDelayMs, log });

  it('sends SIGTERM once, continues a stopped process, and gives how it ended', async () => {
    const katran = new ProcessStandIn();
    const stopped = stop(katran);
    katran.end(DONE);
    expect(await stopped).toEqual(DONE);
    expect(katran.signals).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('sends nothing to a katran that has ended already', async () => {
    const katran = new ProcessStandIn();
    katran.end(DONE);
    expect(await stop(katran)).toEqual(DONE);
    expect(katran.signals).toEqual([]);
  });

  it('waits the shutdown delay and the grace, not a moment less', async () => {
    const katran = new ProcessStandIn();
    const stopped = stop(katran);
    await vi.advanceTimersByTimeAsync(DELAY_MS + SHUTDOWN_GRACE_MS - 1);
    expect(katran.signals).not.toContain('SIGKILL');
    katran.end(DONE);
    expect(await stopped).toEqual(DONE);
  });

  it('waits for the longest -shutdown_delay too, which is as long as a timer can be', async () => {
    const katran = new ProcessStandIn();
    const stopped = stop(katran, keepingLog(), 2 ** 31 - 1);
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
    expect(katran.signals).not.toContain('SIGKILL');
    katran.end(DONE);
    expect(await stopped).toEqual(DONE);
  });

  it('then kills it, and says so', async () => {
    const katran = new ProcessStandIn();
    const log = keepingLog();
    const stopped = stop(katran, log);
    await vi.advanceTimersByTimeAsync(DELAY_MS + SHUTDOWN_GRACE_MS);
    expect(katran.signals).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
    expect(log.lines).toEqual([
      expect.stringMatching(/^error: katran \(pid 4711\) has not ended 26000 ms after SIGTERM; killing it$/),
    ]);
    katran.end(KILLED);
    expect(await stopped).toEqual({ ...KILLED, byUs: true });
  });

  it('leaves no timer behind', async () => {
    const katran = new ProcessStandIn();
    const stopped = stop(katran);
    katran.end(DONE);
    await stopped;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('allows for the 20 s that a silent connection costs katran', () => {
    expect(SHUTDOWN_GRACE_MS).toBeGreaterThan(20_000);
  });
});
