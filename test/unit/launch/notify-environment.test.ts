import { expect, it } from 'vitest';
import { environmentForChildren, watchdogMs } from '../../../src/launch/notify-environment.ts';

it('keeps from children what would let them speak for the service, and nothing else', () => {
  const environment = {
    PATH: '/usr/bin',
    EMPTY: '',
    GONE: undefined,
    NOTIFY_SOCKET: '/run/systemd/notify',
    WATCHDOG_USEC: '1',
    WATCHDOG_PID: '1',
  };
  expect(environmentForChildren(environment)).toEqual({ PATH: '/usr/bin', EMPTY: '' });
});

it.each([
  [{}, undefined],
  [{ WATCHDOG_USEC: '20000000' }, 20_000],
  [{ WATCHDOG_USEC: '20000000', WATCHDOG_PID: '42' }, 20_000],
  [{ WATCHDOG_USEC: '20000000', WATCHDOG_PID: '' }, 20_000],
  [{ WATCHDOG_USEC: '20000000', WATCHDOG_PID: '43' }, undefined],
  [{ WATCHDOG_USEC: '0' }, undefined],
  [{ WATCHDOG_USEC: '' }, undefined],
  [{ WATCHDOG_USEC: '-1' }, undefined],
  [{ WATCHDOG_USEC: '1e9' }, undefined],
  [{ WATCHDOG_USEC: 'infinity' }, undefined],
])('with %j, process 42 is watched every %s ms', (environment, ms) => {
  expect(watchdogMs(environment, 42)).toBe(ms);
});
