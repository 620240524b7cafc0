import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Gateway } from '../../../src/gateway/types.ts';
import { watchGateway, type GatewayWatch, type WatchOptions } from '../../../src/gateway/watch.ts';
import { NO_TOOLS } from '../../support/tools.ts';
import { makeTables, recordLog, type KernelTables, type RecordedLog } from './kernel-tables.ts';

export const A = '02:00:00:00:00:0a';
export const B = '02:00:00:00:00:0b';
export const C = '02:00:00:00:00:0c';
export const INTERVAL_MS = 1000;
/** The gateway as it was when katran came up. */
export const current: Gateway = {
  address: '10.0.0.1',
  mac: A,
  interface: 'eth0',
  family: 4,
  reason: '',
  warnings: [],
};

export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

export interface WatchStage {
  /** With a default route via the gateway, which has MAC A. */
  readonly tables: KernelTables;
  readonly log: RecordedLog;
  /** Every MAC katran was asked to use, in order. */
  readonly pushes: string[];
  /** A watch, right after its first look. It is stopped after the test, and leaves no timer. */
  start(options?: Partial<WatchOptions>): Promise<GatewayWatch>;
}

/** Each test that follows has a stage and time of its own. */
export function eachWithStage(use: (stage: WatchStage) => void): void {
  let watch: GatewayWatch | undefined;
  beforeEach(() => {
    vi.useFakeTimers();
    const tables = makeTables();
    tables.routes('eth0 0.0.0.0/0 via 10.0.0.1');
    tables.arp(`10.0.0.1 ${A} eth0`);
    const [log, pushes]: [RecordedLog, string[]] = [recordLog(), []];
    use({
      tables,
      log,
      pushes,
      start: async (options = {}) => {
        watch = watchGateway({
          root: tables.root,
          tools: NO_TOOLS,
          intf: 'eth0',
          current,
          intervalMs: INTERVAL_MS,
          log,
          push: (mac) => {
            pushes.push(mac);
            return Promise.resolve();
          },
          ...options,
        });
        await pass(0);
        return watch;
      },
    });
  });
  afterEach(async () => {
    await watch?.stop();
    watch = undefined;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
}
