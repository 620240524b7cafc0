import { expect } from 'vitest';
import type { Fault, FaultKind } from '../support/fault.ts';
import { changeGatewayMac, GATEWAY_MAC, OTHER_MAC } from '../support/gateway-tables.ts';
import { stopWhenUp } from '../support/moves.ts';
import type { Settings } from '../../support/katran-double/index.ts';

/** Long enough for a loaded machine to come as far as the read-back. */
const GIVE_UP_MS = 10_000;
const GIVE_UP = ['-start_timeout', String(GIVE_UP_MS)];
const QUICK = ['-gateway_interval', '50'];

/** At start katran has a trouble that passes, or none: it comes up, and the MAC is right. */
function overcome(name: string, response: string, double: Settings, says: readonly RegExp[]): Fault {
  return {
    name,
    response,
    survived: true,
    double,
    waitsMs: 3000,
    status: 0,
    says: [...says, new RegExp(`Mac address is ${GATEWAY_MAC}`)],
    reaches: 'up',
    xdp: 'none left',
    during: stopWhenUp,
  };
}

/** A trouble for good: katran is not called up. */
function insurmountable(name: string, double: Settings, says: readonly RegExp[]): Fault {
  return {
    name,
    response: 'does not call that up: gives up after -start_timeout and stops katran',
    double,
    flags: GIVE_UP,
    waitsMs: GIVE_UP_MS,
    status: 1,
    says: [...says, new RegExp(`was not up ${GIVE_UP_MS} ms after its start`)],
    reaches: 'started',
    xdp: 'none left',
  };
}

/** The gateway's MAC changes while katran makes difficulties. */
function whileRunning(name: string, double: Settings, says: readonly RegExp[]): Fault {
  return {
    name,
    response: 'tries again with growing pauses until the MAC reads back',
    survived: true,
    flags: QUICK,
    waitsMs: 3000,
    status: 0,
    says: [
      ...says,
      new RegExp(`gateway MAC changed from ${GATEWAY_MAC} to ${OTHER_MAC}; told katran at attempt \\d`),
    ],
    reaches: 'up',
    xdp: 'none left',
    during: async (scene) => {
      await scene.isUp();
      scene.staged.stage.control(double);
      changeGatewayMac(scene, OTHER_MAC);
      await scene.launcher.saysOnStderr(/told katran/, 30_000);
      scene.launcher.kill('SIGTERM');
    },
    after: (scene) => expect(scene.macsGiven().at(-1)).toBe(OTHER_MAC),
  };
}

export const mac: FaultKind = {
  title: 'the MAC',
  faults: [
    overcome(
      'changeMac is refused 3 times at start',
      'tries again until the MAC reads back',
      { REFUSE_CHANGE_MAC: 3 },
      [/katran did not take MAC .*retrying/],
    ),
    overcome(
      'changeMac is always refused at start, but -default_mac has set the MAC',
      'warns after 2 s and goes on with that',
      { REFUSE_CHANGE_MAC: 'always' },
      [/katran refuses changeMac but has MAC .* already/],
    ),
    overcome(
      'changeMac fails twice at start',
      'tries again until the MAC reads back',
      { FAIL_CHANGE_MAC: 'UNAVAILABLE:2' },
      [/katran did not take MAC .*UNAVAILABLE.*retrying/],
    ),
    overcome('getMac fails 3 times at start', 'tries again', { FAIL_GET_MAC: 'INTERNAL:3' }, []),
    overcome(
      'getMac ends with a colon (katran before August 2026)',
      'reads it all the same',
      { TRAILING_COLON: 1 },
      [],
    ),
    insurmountable('getMac answers all zeros', { GET_MAC: 'zeros' }, [
      /but reads back "00:00:00:00:00:00"; retrying/,
    ]),
    insurmountable('changeMac says success, getMac has another MAC', { GET_MAC: '02:00:00:00:00:01' }, [
      /was told MAC .* but reads back "02:00:00:00:00:01"; retrying/,
    ]),
    insurmountable('getMac always fails', { FAIL_GET_MAC: 'UNIMPLEMENTED' }, []),
    whileRunning('changeMac is refused 3 times while katran runs', { REFUSE_CHANGE_MAC: 3 }, [
      /cannot tell katran the gateway's MAC .*CANCELLED/,
    ]),
    whileRunning('changeMac fails 3 times while katran runs', { FAIL_CHANGE_MAC: 'UNAVAILABLE:3' }, [
      /cannot tell katran the gateway's MAC .*UNAVAILABLE/,
    ]),
    whileRunning(
      'changeMac lies (success, and nothing changed) while katran runs',
      { IGNORE_CHANGE_MAC: 2 },
      [/cannot tell katran the gateway's MAC .*reads back "96:a3:21:a5:07:cb"/],
    ),
    whileRunning('the read-back fails while katran runs', { FAIL_GET_MAC: 'INTERNAL:2' }, [
      /cannot tell katran the gateway's MAC .*INTERNAL/,
    ]),
    {
      name: 'changeMac is refused for good while katran runs',
      response: 'keeps trying with growing pauses, logs the first few; ends when told to',
      survived: true,
      flags: QUICK,
      status: 0,
      says: [/cannot tell katran the gateway's MAC .*trying again/],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        scene.staged.stage.control({ REFUSE_CHANGE_MAC: 'always' });
        changeGatewayMac(scene, OTHER_MAC);
        await scene.katranDid('changeMac', ({ given, refused }) => given === OTHER_MAC && refused === true);
        await scene.launcher.saysOnStderr(/cannot tell katran/);
        scene.launcher.kill('SIGTERM');
      },
    },
  ],
};
