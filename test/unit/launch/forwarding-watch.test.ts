import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Sight } from '../../../src/katran/program.ts';
import {
  watchForwarding,
  type ForwardingOptions,
  type ForwardingWatch,
} from '../../../src/launch/forwarding-watch.ts';
import type { KernelListener } from '../../../src/tools/ip-monitor.ts';
import { keepingLog } from './stand-ins.ts';

const OWN: Sight = { kind: 'own', id: 12, mode: 'native' };
const GONE: Sight = { kind: 'gone', what: 'no XDP program is on lb0' };
const OTHER: Sight = { kind: 'other', what: 'lb0 has XDP program 13 (pass)' };

let log: ReturnType<typeof keepingLog>;
let sight: Sight;
let looks: number;
let lost: number;
let listener: KernelListener | undefined;
let isTold: boolean;
let inSlot: boolean;
let watch: ForwardingWatch;
beforeEach(() => {
  vi.useFakeTimers();
  log = keepingLog();
  sight = OWN;
  looks = 0;
  lost = 0;
  listener = undefined;
  isTold = false;
  inSlot = false;
});
afterEach(async () => {
  await watch.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function begin(mode: ForwardingOptions['mode'] = 'exit'): Promise<void> {
  watch = watchForwarding({
    pid: 7,
    interfaceName: 'lb0',
    look: () => {
      looks += 1;
      return Promise.resolve(sight);
    },
    mode,
    whyGeneric: () => Promise.resolve('the driver e1000e has no XDP of its own'),
    log,
    events: {
      get live() {
        return isTold;
      },
      subscribe: (_kinds, listen) => {
        listener = listen;
        return () => (listener = undefined);
      },
    },
    inSlot,
    onLost: () => (lost += 1),
  });
  await vi.advanceTimersByTimeAsync(0);
}
const link = (device: string): void =>
  listener?.([{ kind: 'link', device, index: 3, running: true, gone: false }]);

describe('the program of a katran that is up', () => {
  it('is looked at every five seconds, and in its place is worth no word', async () => {
    await begin();
    await vi.advanceTimersByTimeAsync(20_100);
    expect(looks).toBe(5);
    expect(log.lines).toEqual([]);
  });

  it('is looked at every thirty seconds where the kernel tells when it goes, but not in a slot', async () => {
    isTold = true;
    await begin();
    await vi.advanceTimersByTimeAsync(29_900);
    expect(looks).toBe(1);
    inSlot = true;
    await watch.stop();
    looks = 0;
    await begin();
    await vi.advanceTimersByTimeAsync(20_100);
    expect(looks).toBe(5);
  });

  it('is looked at when the kernel is heard no more', async () => {
    isTold = true;
    await begin();
    isTold = false;
    listener?.([{ kind: 'unsure' }]);
    await vi.advanceTimersByTimeAsync(20_100);
    expect(looks).toBe(6);
  });

  it.each([
    ['from the interface', false, 40],
    ['from its slot, which a handover fills again', true, 400],
  ])(
    'that is gone %s is an error when it was seen twice, and katran is lost',
    async (_what, slot, withinMs) => {
      inSlot = slot;
      await begin();
      sight = GONE;
      link('lb0');
      await vi.advanceTimersByTimeAsync(withinMs / 4);
      expect(log.lines).toEqual([]);
      await vi.advanceTimersByTimeAsync((withinMs * 3) / 4);
      expect(log.lines).toEqual([
        'error: no XDP program is on lb0: katran (pid 7) runs and forwards nothing; stopping it (-forwarding_guard exit)',
      ]);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(lost).toBe(1);
    },
  );

  it('is not looked at for another interface', async () => {
    await begin();
    link('lb1');
    await vi.advanceTimersByTimeAsync(400);
    expect(looks).toBe(1);
  });

  it.each([
    ['a handover does that', true, 100],
    ['a katran that is just ending does that', false, 10],
  ])('that is gone for a moment is worth no word: %s', async (_who, slot, afterMs) => {
    inSlot = slot;
    await begin();
    sight = OTHER;
    link('lb0');
    await vi.advanceTimersByTimeAsync(afterMs);
    sight = { kind: 'unseen', what: 'katran has ended' };
    await vi.advanceTimersByTimeAsync(300);
    expect(log.lines.filter((line) => !line.startsWith('debug'))).toEqual([]);
    expect(lost).toBe(0);
  });

  it('in whose place another one is, is an error once a minute, and katran is left alone', async () => {
    await begin();
    sight = OTHER;
    await vi.advanceTimersByTimeAsync(130_000);
    expect(log.lines).toHaveLength(3);
    expect(log.lines[0]).toMatch(
      /^error: lb0 has XDP program 13 \(pass\): katran \(pid 7\) runs and forwards nothing/,
    );
    expect(lost).toBe(0);
    sight = OWN;
    await vi.advanceTimersByTimeAsync(5000);
    expect(log.lines.at(-1)).toBe("info: katran's program 12 is in its place again: packets are forwarded");
  });

  it('that is gone is an error and no more, with warn', async () => {
    await begin('warn');
    sight = GONE;
    await vi.advanceTimersByTimeAsync(6000);
    expect(log.lines).toEqual([expect.stringMatching(/^error: no XDP program is on lb0.*restart it$/)]);
    expect(lost).toBe(0);
  });

  it('that gets its packets after another one is warned of, once for each that is there', async () => {
    const behind = (slot: number): Sight => ({
      kind: 'own',
      id: 12,
      mode: 'native',
      inSlot: {
        slot: 2,
        ahead: { what: `slot ${slot} has program 7`, cost: 'no packet', remedy: 'empty it', isKatrans: true },
      },
    });
    sight = behind(0);
    await begin();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(log.lines).toEqual(['warn: no packet: slot 0 has program 7; empty it']);
    sight = OWN;
    await vi.advanceTimersByTimeAsync(6000);
    sight = behind(1);
    await vi.advanceTimersByTimeAsync(6000);
    expect(log.lines.slice(1)).toEqual(['warn: no packet: slot 1 has program 7; empty it']);
    expect(lost).toBe(0);
  });

  it('is looked at once, for its mode, with off', async () => {
    sight = { kind: 'own', id: 12, mode: 'generic' };
    await begin('off');
    sight = GONE;
    void watch.checkNow();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks).toBe(1);
    expect(log.lines).toEqual([
      'warn: XDP runs in generic mode on lb0, after the driver and several times slower: the driver e1000e has no XDP of its own',
    ]);
  });
});
