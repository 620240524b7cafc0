import { expect } from 'vitest';
import type { Fault, FaultKind } from '../support/fault.ts';
import { changeGatewayMac, OTHER_MAC } from '../support/gateway-tables.ts';
import { moveClock, underMovableClock, whyNoClock } from '../support/clock.ts';
import type { Scene } from '../support/scene.ts';

const SHARED = {
  options: underMovableClock,
  skippedBecause: whyNoClock,
  flags: ['-gateway_interval', '50'],
} as const;

/** Year of the launcher's last own line: shows that its clock has moved. */
function yearsLogged(stderr: string): Set<string> {
  return new Set(Array.from(stderr.matchAll(/^(\d{4})\/\d\d\/\d\d /gm), ([, year]) => year ?? ''));
}

/** The clock jumps while katran starts, while it runs and while it is stopped. */
function jumping(name: string, [starting, running, stopping]: readonly [number, number, number]): Fault {
  return {
    ...SHARED,
    name,
    response: 'takes no notice: no timeout depends on the time of day',
    survived: true,
    double: { START_DELAY: 1000, LATE: 100 },
    flags: [...SHARED.flags, '-shutdown_delay', '500'],
    waitsMs: 1500,
    status: 0,
    says: [/told katran/],
    neverSays: [/was not up/, /killing it/, /cannot tell katran/],
    reaches: 'up',
    xdp: 'none left',
    during: async (scene: Scene) => {
      await scene.katranDid('start');
      moveClock(scene, starting);
      await scene.isUp();
      moveClock(scene, running);
      changeGatewayMac(scene, OTHER_MAC);
      await scene.launcher.saysOnStderr(/told katran/, 30_000);
      scene.launcher.kill('SIGTERM');
      await scene.katranDid('signal');
      moveClock(scene, stopping);
    },
    after: (_scene, { stderr }) => expect(yearsLogged(stderr).size).toBeGreaterThan(1),
  };
}

/** -start_timeout lasts as long as it says, whatever the clock does meanwhile. */
function timeout(name: string, days: number): Fault {
  return {
    ...SHARED,
    name,
    response: '-start_timeout lasts as long as it says',
    double: { HANG: 'accept' },
    flags: ['-start_timeout', '2000'],
    waitsMs: 2000,
    status: 1,
    says: [/was not up 2000 ms after its start/],
    reaches: 'started',
    xdp: 'none left',
    during: async (scene: Scene) => {
      await scene.katranDid('listening');
      const began = performance.now();
      moveClock(scene, days);
      await scene.launcher.ended;
      // Katran needed a part of the 2 s to listen: what remained is still more than nothing.
      expect(performance.now() - began).toBeGreaterThan(1000);
    },
  };
}

export const clock: FaultKind = {
  title: 'the clock',
  faults: [
    jumping('the clock jumps ahead: by a day, a year, ten years', [1, 400, 4000]),
    jumping('the clock jumps back: by a day, a year, ten years', [-1, -400, -4000]),
    timeout('the clock jumps ahead by a day while katran hangs', 1),
    timeout('the clock jumps back by a day while katran hangs', -1),
  ],
};
