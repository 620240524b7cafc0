import { beforeEach, describe, expect, it } from 'vitest';
import { SignalDesk } from '../../../src/launch/signals.ts';
import { statusOfSignal } from '../../../src/failure.ts';
import { keepingLog, Signals } from './stand-ins.ts';

let signals: Signals;
let log: ReturnType<typeof keepingLog>;
let desk: SignalDesk;
beforeEach(() => {
  signals = new Signals();
  log = keepingLog();
  desk = new SignalDesk(signals, log);
});

describe('the signal desk', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('%s asks to stop, once', (signal) => {
    signals.send(signal);
    expect(desk.stoppedBy).toBe(signal);
    expect(desk.stop.aborted).toBe(true);
    expect(log.lines).toEqual([`info: ${signal} received, stopping`]);
  });

  it('is behind what its stop broke off, and not behind a mistake of ours that comes after it', () => {
    const brokenOff = new DOMException('The operation was aborted', 'AbortError');
    expect(desk.signalBehind(brokenOff)).toBeUndefined();
    signals.send('SIGTERM');
    expect(desk.signalBehind(brokenOff)).toBe('SIGTERM');
    expect(desk.signalBehind(desk.stop.reason)).toBe('SIGTERM');
    // Status 143 would say that all went as asked.
    expect(desk.signalBehind(new TypeError('x is not a function'))).toBeUndefined();
  });

  it('answers a second one with what is being waited for; the first stays the reason', () => {
    desk.describe(() => 'waiting for katran to end');
    signals.send('SIGTERM');
    signals.send('SIGINT');
    expect(desk.stoppedBy).toBe('SIGTERM');
    expect(log.lines.at(-1)).toBe('info: SIGINT received again; already stopping: waiting for katran to end');
  });

  it.each(['SIGWINCH', 'SIGPIPE'] as const)('%s does nothing, and ends nothing', (signal) => {
    signals.send(signal);
    expect(desk.stop.aborted).toBe(false);
    expect(log.lines).toEqual([]);
  });

  it('takes an error that nobody caught for a reason to stop in order: katran must not be left alone', () => {
    signals.uncaught?.(new TypeError('x is not a function'));
    expect(desk.stop.aborted).toBe(true);
    expect(desk.defect).toBe(true);
    expect(desk.stoppedBy).toBeUndefined();
    expect(log.lines[0]).toMatch(/^error: this is a defect of start-katran.*TypeError: x is not a function/);
    desk.close();
    expect(signals.uncaught).toBeUndefined();
  });

  it('SIGUSR1 logs the state as it is then', () => {
    let seconds = 1;
    desk.describe(() => `up for ${seconds} s`);
    seconds = 2;
    signals.send('SIGUSR1');
    expect(log.lines).toEqual(['info: up for 2 s']);
    expect(desk.stop.aborted).toBe(false);
  });

  it('SIGUSR2 hands over where that can be done, and says that it cannot elsewhere', () => {
    signals.send('SIGUSR2');
    expect(log.lines).toEqual(['info: SIGUSR2 received; nothing is handed over without -handover']);
    let handovers = 0;
    desk.onHandover(() => (handovers += 1));
    signals.send('SIGUSR2');
    expect(handovers).toBe(1);
    expect(desk.stop.aborted).toBe(false);
    desk.close();
    signals.send('SIGUSR2');
    expect(handovers).toBe(1);
  });

  it('SIGHUP looks now, or says that there is nothing to look at yet', () => {
    signals.send('SIGHUP');
    expect(log.lines.at(-1)).toMatch(/SIGHUP received; nothing to look at yet: starting/);
    let looks = 0;
    desk.onLook(() => (looks += 1));
    signals.send('SIGHUP');
    expect(looks).toBe(1);
    expect(desk.stop.aborted).toBe(false);
  });

  it('takes its listeners off when it is closed', () => {
    expect(signals.listeners.size).toBeGreaterThan(0);
    desk.close();
    expect([...signals.listeners.keys()]).toEqual(['SIGWINCH', 'SIGPIPE', 'SIGUSR2']);
  });
});

it.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the status of %s is %d', (signal, status) => {
  expect(statusOfSignal(signal)).toBe(status);
});
