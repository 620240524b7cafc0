import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openServiceManager, type ServiceManager } from '../../../src/launch/service-manager.ts';
import { NO_TOOLS, toolsThat } from '../../support/tools.ts';
import { keepingLog } from './stand-ins.ts';

const SOCKET = { NOTIFY_SOCKET: '/run/systemd/notify' };

/** A service manager that hears what systemd-notify is told to send. */
function heard(environment: Record<string, string>, answer: () => Promise<string> | string = () => '') {
  const tools = toolsThat(answer);
  const log = keepingLog();
  const manager = openServiceManager({ environment, pid: 42 }, tools, log);
  return { manager, log, tools, messages: () => tools.questions.map(({ args }) => args.join(' ')) };
}

const close = async (manager: ServiceManager): Promise<void> => {
  const closed = manager.close();
  await vi.advanceTimersByTimeAsync(1000);
  await closed;
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('the service manager', () => {
  it('is nobody, and nothing is run, without NOTIFY_SOCKET', async () => {
    const { manager, messages } = heard({ WATCHDOG_USEC: '1000000' });
    manager.ready('up');
    manager.watch();
    await close(manager);
    expect(messages()).toEqual([]);
  });

  it('hears each change of the status once, in order, with the environment that names it', async () => {
    const { manager, messages, tools } = heard(SOCKET);
    manager.status('looking', 1500);
    manager.status('looking');
    manager.ready('up\nwith MAC');
    await close(manager);
    expect(messages()).toEqual([
      'STATUS=looking EXTEND_TIMEOUT_USEC=1500000',
      'READY=1 MAINPID=42 STATUS=up with MAC',
    ]);
    expect(tools.questions[0]).toMatchObject({ command: 'systemd-notify', options: { environment: SOCKET } });
  });

  it('hears nothing but the stop once that has begun', async () => {
    const { manager, messages } = heard({ ...SOCKET, WATCHDOG_USEC: '1000000' });
    manager.stopping('stopping katran', 2000);
    manager.stopping('again', 1);
    manager.status('late');
    manager.ready('late');
    manager.watch();
    await close(manager);
    expect(messages()).toEqual(['STOPPING=1 STATUS=stopping katran EXTEND_TIMEOUT_USEC=2000000']);
  });

  it('gets a ping at once and twice in the time it gives, whatever katran does', async () => {
    const { manager, messages } = heard({ ...SOCKET, WATCHDOG_USEC: '2000000' });
    manager.watch();
    await vi.advanceTimersByTimeAsync(2000);
    expect(messages()).toEqual(['WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1']);
    await close(manager);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(messages()).toHaveLength(3);
  });

  it('is told why the service fails, also while it stops; that stays', async () => {
    const { manager, messages } = heard(SOCKET);
    manager.stopping('stopping katran', 2000);
    manager.failed('katran died of SIGSEGV');
    manager.failed('and again');
    manager.status('late');
    await close(manager);
    expect(messages().slice(1)).toEqual(['STATUS=katran died of SIGSEGV']);
  });

  it('whose watchdog asks to stop after too long a silence: that is said, of an operator’s stop it is not', async () => {
    for (const [frozenMs, said] of [
      [30_000, [expect.stringMatching(/^error: the stop comes from systemd's watchdog: .* for 30000 ms/)]],
      [1500, []],
    ] as const) {
      const { manager, log } = heard({ ...SOCKET, WATCHDOG_USEC: '2000000' });
      manager.watch();
      await vi.advanceTimersByTimeAsync(0);
      // Nothing of the launcher runs meanwhile.
      const now = performance.now();
      const frozen = vi.spyOn(performance, 'now').mockReturnValue(now + frozenMs);
      manager.stopping('stopping katran', 2000);
      frozen.mockRestore();
      expect(log.lines).toEqual(said);
      await close(manager);
    }
  });

  it('with a watchdog time beyond what a timer can take gets no flood of pings', async () => {
    const { manager, messages } = heard({ ...SOCKET, WATCHDOG_USEC: String(100 * 24 * 3600 * 1e6) });
    manager.watch();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(messages()).toEqual(['WATCHDOG=1']);
    await close(manager);
  });

  it('gets no ping more while the last one hangs', async () => {
    const { manager, messages } = heard(
      { ...SOCKET, WATCHDOG_USEC: '2000000' },
      () => new Promise(() => undefined),
    );
    manager.watch();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(messages()).toHaveLength(1);
    void manager.close();
    await vi.advanceTimersByTimeAsync(1000);
  });

  it('is worth one warning when systemd-notify is not there', async () => {
    const log = keepingLog();
    const manager = openServiceManager({ environment: SOCKET, pid: 42 }, NO_TOOLS, log);
    manager.status('one');
    manager.status('two');
    await close(manager);
    expect(log.lines).toEqual([
      expect.stringMatching(/^warn: cannot tell systemd STATUS=one: there is no systemd-notify on this host/),
      expect.stringMatching(/^debug: cannot tell systemd STATUS=two/),
    ]);
  });

  it('that does not take a message is not waited for at the end, and that is no failure', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const tools = toolsThat(
      ({ options }) =>
        new Promise((_resolve, reject) => {
          signals.push(options?.signal);
          options?.signal?.addEventListener('abort', () => reject(new Error('cut off')));
        }),
    );
    const log = keepingLog();
    const manager = openServiceManager({ environment: SOCKET, pid: 42 }, tools, log);
    manager.status('one');
    await close(manager);
    expect(signals).toHaveLength(1);
    expect(signals[0]?.aborted).toBe(true);
    expect(log.lines).toEqual([]);
  });
});
