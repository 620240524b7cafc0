import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openKernelEvents, type KernelEvent, type KernelEvents } from '../../../src/tools/ip-monitor.ts';
import { ToolFailure } from '../../../src/tools/failures.ts';
import type { Follower } from '../../../src/tools/follow.ts';
import type { Tools } from '../../../src/tools/toolbox.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { NO_TOOLS } from '../../support/tools.ts';

/** A process that speaks when the test says so. */
interface Speaker {
  readonly pid: number;
  say(text: string): void;
  complain(text: string): void;
  end(reason: string): void;
  stopped: boolean;
}

let started: Speaker[];
/** Whether the kernel tells a process what changes, as /proc/net/netlink has it. */
let listening: boolean;
let log: ReturnType<typeof recordingLog>;
let kernel: KernelEvents;
let heard: KernelEvent[];

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

function speakers(): Tools {
  return {
    ...NO_TOOLS,
    follow: (_command: string, _args: readonly string[], follower: Follower) => {
      const pid = 100 + started.length;
      let end: (reason: string) => void = () => undefined;
      const ended = new Promise<string>((resolve) => (end = resolve));
      const speaker: Speaker = {
        pid,
        stopped: false,
        say: (text) => follower.onText(text),
        complain: (text) => follower.onComplaint(text),
        end: (reason) => end(reason),
      };
      started.push(speaker);
      return Promise.resolve({
        pid,
        ended,
        stop: () => {
          speaker.stopped = true;
          end('was ended by SIGKILL');
        },
      });
    },
  };
}

async function open(tools: Tools = speakers()): Promise<void> {
  kernel = openKernelEvents({ tools, log, isListening: () => listening });
  kernel.subscribe(['neighbour', 'link'], (events) => heard.push(...events));
  await pass(0);
}

const last = (): Speaker => {
  const speaker = started.at(-1);
  if (speaker === undefined) throw new Error('nothing was started');
  return speaker;
};

beforeEach(() => {
  vi.useFakeTimers();
  started = [];
  listening = true;
  log = recordingLog();
  heard = [];
});
afterEach(async () => {
  const closed = kernel.close();
  await pass(100);
  await closed;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const FAILED = '[NEIGH]10.0.0.1 dev eth0 FAILED \n';

describe('what the kernel tells', () => {
  it('is heard by those who asked for its kind, and by nobody who left', async () => {
    await open();
    const others: KernelEvent[] = [];
    const leave = kernel.subscribe(['route'], (events) => others.push(...events));
    last().say(`${FAILED}[ROUTE]default via 10.0.0.1 dev eth0\n`);
    expect(heard.map(({ kind }) => kind)).toEqual(['unsure', 'neighbour']);
    expect(others.map(({ kind }) => kind)).toEqual(['route']);
    leave();
    last().say('[ROUTE]default via 10.0.0.2 dev eth0\n');
    expect(others).toHaveLength(1);
  });

  it('counts from when the process hears it, and until then everything may have changed', async () => {
    await open();
    expect(kernel.live).toBe(true);
    expect(heard).toEqual([{ kind: 'unsure' }]);
  });

  it('is not relied on before', async () => {
    listening = false;
    await open();
    await pass(200);
    expect(kernel.live).toBe(false);
    listening = true;
    await pass(20);
    expect(kernel.live).toBe(true);
  });

  it('in part only, after a complaint, may have been anything', async () => {
    await open();
    heard.length = 0;
    last().complain('netlink receive error No buffer space available (105)\n');
    expect(heard).toEqual([{ kind: 'unsure' }]);
  });

  it('is not all until it has told the rest: what comes meanwhile is lost without another complaint', async () => {
    await open();
    last().complain('netlink receive error No buffer space available (105)\n');
    heard.length = 0;
    for (let i = 0; i < 20; i += 1) {
      await pass(200);
      last().say('[ROUTE]20.0.0.0/24 via 10.0.0.1 dev eth0\n');
    }
    expect(heard).toEqual([]);
    await pass(300);
    expect(heard).toEqual([{ kind: 'unsure' }]);
    await pass(10_000);
    expect(heard).toHaveLength(1);
  });
});

describe('a monitor that ends', () => {
  it('is started again, ever later, with one warning and one word when it is back', async () => {
    await open();
    heard.length = 0;
    last().end('was ended by SIGKILL');
    await pass(0);
    expect(kernel.live).toBe(false);
    expect(heard).toEqual([{ kind: 'unsure' }]);
    listening = false;
    const at: number[] = [];
    for (let count = 1; count <= 8; count++) {
      while (started.length === count) {
        await pass(100);
        at[count - 1] = (at[count - 1] ?? 0) + 100;
      }
      if (count === 8) break;
      last().end('ended with status 255');
    }
    const seconds = at.map((ms) => Math.round(ms / 1000));
    expect(seconds).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    listening = true;
    await pass(20);
    expect(kernel.live).toBe(true);
    expect(log.of('warn')).toEqual([expect.stringContaining('ip monitor was ended by SIGKILL')]);
    expect(log.of('info')).toEqual(['ip monitor runs again']);
  });

  it('after a long life is started again soon', async () => {
    await open();
    for (let i = 0; i < 5; i++) {
      last().end('was ended by SIGKILL');
      await pass(1000);
      expect(started).toHaveLength(i + 2);
      await pass(60_000);
    }
  });

  it('is not started again after close', async () => {
    await open();
    const speaker = last();
    await kernel.close();
    expect(speaker.stopped).toBe(true);
    await pass(120_000);
    expect(started).toHaveLength(1);
  });

  it.each<[string, Tools]>([
    ['nothing can be followed', NO_TOOLS],
    ['there is no ip', { ...NO_TOOLS, follow: (command) => Promise.reject(ToolFailure.missing(command)) }],
  ])('is none where %s: nobody is told anything', async (_what, tools) => {
    await open(tools);
    await pass(600_000);
    expect(kernel.live).toBe(false);
    expect(heard).toEqual([]);
    expect(log.of('warn')).toEqual([]);
  });
});
