import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Fault, FaultKind } from '../support/fault.ts';
import {
  changeGatewayMac,
  forgetGateway,
  GATEWAY_MAC,
  OTHER_MAC,
  replaceTable,
  setDefaultRoute,
  setNeighbours,
} from '../support/gateway-tables.ts';
import { until } from '../support/moves.ts';
import { lockHeld } from '../support/nothing-left.ts';
import type { Scene } from '../support/scene.ts';

const QUICK = ['-gateway_interval', '50'];
const KEEPS =
  /the MAC of the gateway 10\.77\.0\.1 on eth0 is not to be seen .*katran keeps 96:a3:21:a5:07:cb/;
/** All a gateway's MAC can never be. */
const UNUSABLE = ['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '33:33:00:00:00:01'];

function refused(
  name: string,
  response: string,
  says: RegExp,
  before: Fault['before'],
  more: Partial<Fault> = {},
): Fault {
  return {
    name,
    response,
    flags: ['-gateway_timeout', '300'],
    waitsMs: 300,
    status: 1,
    says: [says],
    reaches: 'nothing started',
    xdp: 'none left',
    ...(before === undefined ? {} : { before }),
    ...more,
  };
}

function survived(
  name: string,
  response: string,
  says: readonly RegExp[],
  whileUp: (scene: Scene) => Promise<unknown>,
  more: Partial<Fault> = {},
): Fault {
  return {
    name,
    response,
    survived: true,
    flags: QUICK,
    waitsMs: 2000,
    status: 0,
    says,
    reaches: 'up',
    xdp: 'none left',
    during: async (scene) => {
      await scene.isUp();
      await whileUp(scene);
      scene.launcher.kill('SIGTERM');
    },
    after: (scene) => expect(scene.macsGiven().filter((given) => UNUSABLE.includes(given))).toEqual([]),
    ...more,
  };
}

/** Waits for a line of the launcher after something was changed. */
async function changed(scene: Scene, change: () => void, line: RegExp): Promise<void> {
  change();
  await scene.launcher.saysOnStderr(line, 30_000);
}

export const gateway: FaultKind = {
  title: 'the gateway',
  faults: [
    refused(
      'the gateway has no MAC and does not answer',
      'says which gateway, by which route, and where it looked; starts nothing',
      /cannot find the MAC of the gateway 10\.77\.0\.1 on eth0 .* after 300 ms .*-default_mac/,
      forgetGateway,
    ),
    refused(
      'the gateway’s entry has an all-zero MAC',
      'does not use it; starts nothing',
      /cannot find the MAC of the gateway .* shows an incomplete entry/,
      (scene) => changeGatewayMac(scene, '00:00:00:00:00:00'),
    ),
    refused(
      'the gateway’s entry has a multicast MAC',
      'does not use it; starts nothing',
      /cannot find the MAC of the gateway .*01:00:5e:00:00:01/,
      (scene) => changeGatewayMac(scene, '01:00:5e:00:00:01'),
    ),
    refused(
      'there is no default route',
      'says where it looked and how to do without; starts nothing',
      /no default route for eth0 .*-gateway.*-default_mac/,
      (scene) => setDefaultRoute(scene),
    ),
    refused(
      'the neighbour table cannot be read',
      'names the file; starts nothing',
      /cannot read .*\/proc\/net\/arp/,
      (scene) => {
        const file = path.join(scene.staged.sysroot, 'proc/net/arp');
        fs.rmSync(file);
        fs.mkdirSync(file);
      },
    ),
    {
      name: 'the gateway’s MAC appears late, within -gateway_timeout',
      response: 'waits for it, then starts katran with it',
      survived: true,
      flags: ['-gateway_timeout', '60000'],
      before: forgetGateway,
      status: 0,
      says: [new RegExp(`Mac address is ${OTHER_MAC}`)],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await until('the launcher has begun to look', () => lockHeld(scene.staged));
        changeGatewayMac(scene, OTHER_MAC);
        await scene.isUp();
        scene.launcher.kill('SIGTERM');
      },
    },
    survived(
      'the gateway’s MAC changes',
      'tells katran within -gateway_interval',
      [new RegExp(`gateway MAC changed from ${GATEWAY_MAC} to ${OTHER_MAC}; told katran`)],
      (scene) => changed(scene, () => changeGatewayMac(scene, OTHER_MAC), /told katran/),
      { after: (scene) => expect(scene.macsGiven()).toEqual([GATEWAY_MAC, OTHER_MAC]) },
    ),
    survived(
      'the gateway’s MAC changes, -gateway_interval is an hour, SIGHUP',
      'looks at once and tells katran',
      [/told katran/],
      (scene) => {
        changeGatewayMac(scene, OTHER_MAC);
        return changed(scene, () => scene.launcher.kill('SIGHUP'), /told katran/);
      },
      { flags: ['-gateway_interval', '3600000'] },
    ),
    survived(
      'the gateway’s MAC flaps',
      'follows, logs a few changes a minute; katran has the last one',
      [new RegExp(`to ${OTHER_MAC}; told katran`)],
      async (scene) => {
        for (let flap = 0; flap < 20; flap += 1) {
          const next = flap % 2 === 0 ? '02:00:00:00:00:0b' : GATEWAY_MAC;
          changeGatewayMac(scene, next);
          await until('katran is told', () => scene.macsGiven().at(-1) === next);
        }
        changeGatewayMac(scene, OTHER_MAC);
        await scene.katranDid('changeMac', ({ given }) => given === OTHER_MAC);
      },
      {
        says: [/gateway MAC changed/],
        after: (scene) => expect(scene.macsGiven().at(-1)).toBe(OTHER_MAC),
      },
    ),
    survived(
      'the gateway’s entry vanishes and comes back',
      'keeps the last good MAC and warns once; says when it is back',
      [KEEPS, /the gateway 10\.77\.0\.1 on eth0 is back/],
      async (scene) => {
        await changed(scene, () => forgetGateway(scene), KEEPS);
        await changed(scene, () => changeGatewayMac(scene, GATEWAY_MAC), /is back/);
      },
      {
        after: (scene, { stderr }) => {
          expect(stderr.match(/is not to be seen/g)).toHaveLength(1);
          expect(scene.macsGiven()).toEqual([GATEWAY_MAC]);
        },
      },
    ),
    survived(
      'the gateway’s entry becomes incomplete',
      'keeps the last good MAC and warns',
      [KEEPS],
      (scene) =>
        changed(scene, () => setNeighbours(scene, { mac: '00:00:00:00:00:00', flags: '0x0' }), KEEPS),
    ),
    ...UNUSABLE.map((unusable) =>
      survived(
        `the gateway’s MAC becomes ${unusable}`,
        'never sends it; keeps the last good MAC and warns',
        [KEEPS],
        (scene) => changed(scene, () => changeGatewayMac(scene, unusable), KEEPS),
      ),
    ),
    survived(
      'the default route is replaced by one over another gateway',
      'follows it and tells katran the new MAC',
      [/the gateway is now 10\.77\.0\.9 on eth0 .*it was 10\.77\.0\.1 on eth0/, /told katran/],
      (scene) => {
        setNeighbours(scene, { mac: GATEWAY_MAC }, { address: '10.77.0.9', mac: OTHER_MAC });
        return changed(
          scene,
          () => setDefaultRoute(scene, { device: 'eth0', gateway: '10.77.0.9' }),
          /told katran/,
        );
      },
      { after: (scene) => expect(scene.macsGiven().at(-1)).toBe(OTHER_MAC) },
    ),
    survived(
      'the default route moves to another interface, and stays there',
      'keeps the MAC of the wire that katran sends on, and warns after 3 s with the way out',
      [/the default route is over 10\.78\.0\.9 on eth1 now, but katran sends through eth0: .*-gateway/],
      (scene) => {
        setNeighbours(scene, { mac: GATEWAY_MAC }, { address: '10.78.0.9', mac: OTHER_MAC, device: 'eth1' });
        return changed(
          scene,
          () => setDefaultRoute(scene, { device: 'eth1', gateway: '10.78.0.9' }),
          /but katran sends through eth0/,
        );
      },
      { after: (scene) => expect(scene.macsGiven()).not.toContain(OTHER_MAC) },
    ),
    survived(
      'the default route is removed',
      'keeps the last good MAC and warns',
      [/is not to be seen .*katran keeps/],
      (scene) => changed(scene, () => setDefaultRoute(scene), /is not to be seen/),
    ),
    survived(
      'the neighbour table is torn while katran runs',
      'keeps the last good MAC and warns',
      [/is not to be seen .*katran keeps/],
      (scene) =>
        changed(
          scene,
          () => replaceTable(scene, 'proc/net/arp', 'IP address\n\0\0 torn'),
          /is not to be seen/,
        ),
    ),
    survived(
      'the neighbour table cannot be read while katran runs',
      'keeps the last good MAC and warns',
      [/is not to be seen .*cannot read.*katran keeps/],
      (scene) => {
        const file = path.join(scene.staged.sysroot, 'proc/net/arp');
        return changed(
          scene,
          () => {
            fs.rmSync(file);
            fs.mkdirSync(file);
          },
          /is not to be seen/,
        );
      },
    ),
    survived(
      'the interface is removed while katran runs',
      'warns that its affinity cannot be checked; goes on until told to stop',
      [/SIGHUP received/, /cannot check the interrupt affinity: .*eth0/],
      (scene) => {
        const { sysroot } = scene.staged;
        fs.rmSync(path.join(sysroot, 'sys/class/net/eth0'));
        const table = path.join(sysroot, 'proc/interrupts');
        const others = fs
          .readFileSync(table, 'utf8')
          .split('\n')
          .filter((line) => !line.includes('virtio1-'));
        replaceTable(scene, 'proc/interrupts', others.join('\n'));
        return changed(scene, () => scene.launcher.kill('SIGHUP'), /cannot check the interrupt affinity/);
      },
    ),
  ],
};
