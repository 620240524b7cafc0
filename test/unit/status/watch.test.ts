import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseInvocation } from '../../../src/cli/options.ts';
import { katranEndpoint } from '../../../src/katran/endpoint.ts';
import { openRoot } from '../../../src/linux/root.ts';
import type { Subject } from '../../../src/status/observe.ts';
import { watchStatus } from '../../../src/status/watch.ts';
import type { World } from '../../../src/world.ts';
import { copyMachine } from '../../support/machines.ts';
import { NO_TOOLS } from '../../support/tools.ts';

const LEAVE = '\u001b[?25h\u001b[?1049l';

let sysroot: string;
beforeEach(() => {
  sysroot = copyMachine('8-2-mixed');
});
afterEach(() => fs.rmSync(sysroot, { recursive: true }));

/** A terminal that keeps what is drawn on it, in a process whose signals the test raises. */
class TestTerminal {
  readonly events = new EventEmitter();
  drawn = '';
  width = 80;
  height = 24;
  broken = false;
  keyboard: 'none' | 'as it was' | 'held' = 'as it was';
  suspensions: string[] = [];

  write(text: string): void {
    this.drawn += text;
    this.events.emit('drawn');
  }

  get world(): World {
    const { events } = this;
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the getters below ask this terminal at every frame
    const terminal = this;
    const stdout = {
      isTerminal: true,
      get rows(): number {
        return terminal.height;
      },
      get columns(): number {
        if (terminal.broken) throw new Error('the terminal is broken');
        return terminal.width;
      },
      write: (text: string) => this.write(text),
      finish: () => Promise.resolve(undefined),
    };
    const listen = (names: readonly string[], heard: (value: NodeJS.Signals) => void): (() => void) => {
      for (const name of names) events.on(name, heard);
      return () => {
        for (const name of names) events.off(name, heard);
      };
    };
    return {
      journal: false,
      argv: ['status', '-watch'],
      environment: { TERM: 'xterm', LANG: 'C.UTF-8' },
      stdout,
      stderr: stdout,
      pid: 1,
      self: ['start-katran'],
      onSignals: (signals, listener) => listen(signals, listener),
      suspend: () => void this.suspensions.push(this.keyboard),
      signalProcess: () => undefined,
      endProcess: () => {
        throw new Error('status ends by itself');
      },
      keyboard: (listener) => {
        if (this.keyboard === 'none') return undefined;
        const hold = (): void => {
          this.keyboard = 'held';
          events.off('typed', listener).on('typed', listener);
        };
        hold();
        return {
          hold,
          release: () => {
            this.keyboard = 'as it was';
            events.off('typed', listener);
          },
        };
      },
      onUncaught: (listener) => listen(['uncaught'], (error) => listener(error)),
    };
  }

  nextFrame(): Promise<unknown> {
    return new Promise((resolve) => this.events.once('drawn', resolve));
  }
}

function subjectOn(terminal: TestTerminal): Subject {
  const invocation = parseInvocation(['status', '-watch', '-sysroot', sysroot, '-intf', 'eth0'], {});
  if (!('options' in invocation)) throw new Error(`not status but ${invocation.kind}`);
  const { options } = invocation;
  const none = (): never => {
    throw new Error('not asked here');
  };
  return {
    task: {
      options,
      root: openRoot(sysroot),
      tools: NO_TOOLS,
      log: { debug: none, info: none, warn: none, error: none, colour: none },
      world: terminal.world,
    },
    launcherOn: () => undefined,
    endpoint: katranEndpoint(options),
    client: {
      getMac: () => Promise.resolve('02:00:00:00:00:01'),
      changeMac: none,
      getAllVips: () => Promise.resolve([]),
      getStatsForVip: () => Promise.resolve({ v1: 0n, v2: 0n }),
      getLruStats: () => Promise.resolve({ v1: 0n, v2: 0n }),
      getLruFallbackStats: () => Promise.resolve({ v1: 0n, v2: 0n }),
      close: () => undefined,
    },
  };
}

describe('status -watch', () => {
  it.each([1, 2, 3, 40])('draws in %i columns, and leaves the terminal as it was', async (width) => {
    const terminal = new TestTerminal();
    terminal.width = width;
    const watching = watchStatus(subjectOn(terminal));
    await terminal.nextFrame();
    terminal.events.emit('SIGINT', 'SIGINT');
    await watching;
    expect(terminal.drawn).toContain('katran');
    expect(terminal.drawn.endsWith(LEAVE)).toBe(true);
  });

  it.each([
    ['a listener', (terminal: TestTerminal) => terminal.events.emit('SIGWINCH', 'SIGWINCH')],
    [
      'what nobody catches',
      (terminal: TestTerminal) => terminal.events.emit('uncaught', new Error('the terminal is broken')),
    ],
  ])('an error in %s ends it, after the terminal is as it was', async (_where, happen) => {
    const terminal = new TestTerminal();
    const watching = watchStatus(subjectOn(terminal));
    await terminal.nextFrame();
    terminal.broken = true;
    happen(terminal);
    await expect(watching).rejects.toThrow('the terminal is broken');
    expect(terminal.drawn.endsWith(LEAVE)).toBe(true);
    expect(terminal.keyboard).toBe('as it was');
    expect(terminal.events.eventNames()).toEqual([]);
  });

  it.each([
    ['q', 'done'],
    ['\x03', 'done'],
    ['\x1c', { signal: 'SIGQUIT' }],
  ])('%j ends it, and the keyboard is as it was', async (typed, ending) => {
    const terminal = new TestTerminal();
    const watching = watchStatus(subjectOn(terminal));
    await terminal.nextFrame();
    expect(terminal.keyboard).toBe('held');
    terminal.events.emit('typed', typed);
    if (typeof ending === 'string') expect(['done', 'foundWrong']).toContain(await watching);
    else expect(await watching).toEqual(ending);
    expect(terminal.keyboard).toBe('as it was');
  });

  it('stopped with Ctrl-Z, the keyboard is as it was before; continued, keys are heard again', async () => {
    const terminal = new TestTerminal();
    const watching = watchStatus(subjectOn(terminal));
    await terminal.nextFrame();
    terminal.events.emit('SIGTSTP', 'SIGTSTP');
    expect(terminal.suspensions).toEqual(['as it was']);
    terminal.events.emit('SIGCONT', 'SIGCONT');
    expect(terminal.keyboard).toBe('held');
    terminal.events.emit('typed', 'q');
    await watching;
    expect(terminal.keyboard).toBe('as it was');
  });

  it('what does not fit is scrolled to, and it is said where one is', async () => {
    const terminal = new TestTerminal();
    terminal.height = 10;
    const watching = watchStatus(subjectOn(terminal));
    await terminal.nextFrame();
    expect(terminal.drawn).toMatch(/lines 1-8 of (\d+)/);
    const length = Number(/of (\d+): arrows/.exec(terminal.drawn)?.[1]);
    terminal.events.emit('typed', '\x1b[F');
    expect(terminal.drawn).toContain(`lines ${length - 7}-${length} of ${length}`);
    terminal.events.emit('typed', '\x1b[A\x1b[5~');
    expect(terminal.drawn).toContain(`lines ${length - 15}-${length - 8} of`);
    terminal.events.emit('typed', 'q');
    await watching;
  });
});
