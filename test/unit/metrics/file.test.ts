import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Traffic } from '../../../src/katran/services/traffic.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { MetricsFile, type Followed } from '../../../src/metrics/file.ts';
import { Tally } from '../../../src/metrics/tally.ts';
import { makeMachine } from '../../support/made-machine.ts';
import { planOf } from '../../support/plan-of.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { scratch } from '../../support/launcher.ts';

let directory: ReturnType<typeof scratch>;
let file: string;
let log: ReturnType<typeof recordingLog>;
let metrics: MetricsFile | undefined;
const tally = new Tally();

beforeEach(() => {
  vi.useFakeTimers();
  directory = scratch();
  makeMachine(directory.path, { cpus: 4, queues: 2 });
  file = path.join(directory.path, 'katran.prom');
  log = recordingLog();
});
afterEach(() => {
  metrics?.close();
  metrics = undefined;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  directory.remove();
});

function open(to = file): MetricsFile {
  const root = openRoot(directory.path);
  metrics = new MetricsFile({
    file: to,
    interfaceName: 'eth0',
    root,
    tally,
    log,
    replan: () => planOf(directory.path),
  });
  return metrics;
}

const TRAFFIC: Traffic = {
  vips: [{ address: '10.200.1.1', port: 80, protocol: 6, packets: 12n, bytes: 345n }],
  lruPackets: 100n,
  lruMisses: 7n,
  fallbackPackets: 3n,
};
const katran = (more: Partial<Followed> = {}): Followed => ({
  pid: 4711,
  traffic: () => Promise.resolve(TRAFFIC),
  gatewaySeenAt: () => 1_500,
  differences: () => 2,
  forwarding: () => true,
  ...more,
});
/** The samples, without what every one begins with. */
const samples = (): string[] =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('start_katran_'))
    .map((line) => line.slice('start_katran_'.length).replace('intf="eth0"', ''));
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('the file of -metrics_file', () => {
  it('is there, readable for everybody, before katran is up: up is 0, and nothing of katran is said', async () => {
    open();
    await settled();
    expect(samples()).toContain('up{} 0');
    expect(samples().join()).not.toMatch(/pid|forwarding|lru_|vip_|fallback/);
    expect(fs.statSync(file).mode & 0o777).toBe(0o644);
  });

  it('has what katran counts, once it is up', async () => {
    open().follow(katran());
    await settled();
    expect(samples()).toEqual(
      expect.arrayContaining([
        'up{} 1',
        'pid{} 4711',
        'forwarding{} 1',
        'gateway_last_seen_seconds{} 1.5',
        'plan_differences{} 2',
        'fallback_packets_total{} 3',
        'lru_packets_total{} 100',
        'lru_misses_total{} 7',
        'vip_packets_total{,vip="10.200.1.1",port="80",proto="tcp"} 12',
        'vip_bytes_total{,vip="10.200.1.1",port="80",proto="tcp"} 345',
      ]),
    );
  });

  it('is written again every 10 s, with the counters of then', async () => {
    open();
    await settled();
    tally.macPushes = 9;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(samples()).not.toContain('mac_pushes_total{} 9');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(samples()).toContain('mac_pushes_total{} 9');
  });

  it('says up 0 of a katran that does not answer, and what the launcher knows all the same', async () => {
    open().follow(katran({ traffic: () => Promise.reject(new Error('DEADLINE_EXCEEDED')) }));
    await settled();
    expect(samples()).toEqual(expect.arrayContaining(['up{} 0', 'pid{} 4711', 'plan_differences{} 2']));
    expect(samples().join()).not.toMatch(/lru_|vip_|fallback/);
  });

  it('leaves out what nobody can see', async () => {
    const blind = { forwarding: () => undefined, differences: () => undefined, gatewaySeenAt: () => null };
    open().follow(katran(blind));
    await settled();
    expect(samples()).toContain('up{} 1');
    expect(samples().join()).not.toMatch(/forwarding|plan_differences|gateway_last_seen/);
  });

  it('says up 0 as soon as a katran has ended, and not when another one has taken over by then', async () => {
    const open_ = open();
    const first = open_.follow(katran());
    const second = open_.follow(katran({ pid: 4712 }));
    first.stop();
    await settled();
    expect(samples()).toEqual(expect.arrayContaining(['up{} 1', 'pid{} 4712']));
    second.stop();
    await settled();
    expect(samples()).toContain('up{} 0');
  });

  it('says up 0 at the end, and whatever was being read meanwhile is not written after it', async () => {
    let answer: (traffic: Traffic) => void = () => undefined;
    const open_ = open();
    open_.follow(katran({ traffic: () => new Promise((resolve) => (answer = resolve)) }));
    await settled();
    open_.close();
    answer(TRAFFIC);
    await settled();
    expect(samples()).toContain('up{} 0');
  });

  it('has the interrupts of each queue by CPU, without those that are none', async () => {
    const interrupts = path.join(directory.path, 'proc/interrupts');
    const columns = (counts: number[]): string => counts.map((count) => String(count).padStart(11)).join('');
    const text = fs.readFileSync(interrupts, 'utf8').split('\n');
    const counted = text.map((line) => {
      const [, head = '', tail = ''] = /^( *33:)(?: +\d+){4}( .*)$/.exec(line) ?? [];
      return head === '' ? line : `${head}${columns([0, 5, 0, 6])}${tail}`;
    });
    fs.writeFileSync(interrupts, counted.join('\n'));
    open();
    await settled();
    expect(samples().filter((line) => line.startsWith('interrupts_total'))).toEqual(
      expect.arrayContaining([
        'interrupts_total{,nic="eth0",queue="1",cpu="1"} 5',
        'interrupts_total{,nic="eth0",queue="1",cpu="3"} 6',
      ]),
    );
    expect(samples().join('\n')).not.toMatch(/queue="1",cpu="[02]"/);
  });

  it('a place that cannot be written is one warning, and nothing worse; then it is said that it can be', async () => {
    const folder = path.join(directory.path, 'later');
    file = path.join(folder, 'katran.prom');
    open();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(log.of('warn')).toEqual([expect.stringContaining(`no metrics: cannot write ${file}`)]);
    fs.mkdirSync(folder);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(log.of('info').join()).toContain('can be written');
    expect(samples()).toContain('up{} 0');
  });

  it('a name that node_exporter does not read is a warning', () => {
    open(path.join(directory.path, 'katran.txt'));
    expect(log.of('warn').join()).toContain('katran.txt.prom');
  });
});
