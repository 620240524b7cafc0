import { expect } from 'vitest';
import { ARTIFACTS } from '../../support/launcher.ts';
import { freePort } from '../../support/free-port.ts';
import { startDouble } from '../../support/katran-double/index.ts';
import type { Fault, FaultKind } from '../support/fault.ts';
import { changeGatewayMac, forgetGateway, GATEWAY_MAC } from '../support/gateway-tables.ts';
import { listenOnPort, until } from '../support/moves.ts';
import { lockHeld } from '../support/nothing-left.ts';
import type { Scene } from '../support/scene.ts';

/** A katran that start-katran did not start, on the same port, with an XDP marker of its own. */
async function anotherKatran(scene: Scene): Promise<void> {
  const double = await startDouble({ address: `127.0.0.1:${scene.staged.port}` });
  scene.onRelease(async () => {
    expect(double.process.exitCode, 'the other katran goes on').toBe(null);
    await double.remove();
    double.stage.remove();
  });
  await double.stage.waitFor('listening');
}

export const ports: FaultKind = {
  title: 'the port',
  faults: [
    {
      name: 'the port is held by an ordinary listener',
      response: 'names the process and its pid; starts nothing',
      before: (scene) => listenOnPort(scene),
      status: 1,
      says: [
        new RegExp(
          `port \\d+ is taken: .* \\(pid ${process.pid}\\) answers on 127.0.0.1:\\d+; stop it first`,
        ),
      ],
      reaches: 'nothing started',
      xdp: 'none left',
    },
    {
      name: 'the port is held on another address by a listener on 0.0.0.0',
      response: 'names the process and its pid; starts nothing',
      before: (scene) => listenOnPort(scene, { host: '0.0.0.0' }),
      status: 1,
      says: [/port \d+ is taken: .* \(pid \d+\)/],
      reaches: 'nothing started',
      xdp: 'none left',
    },
    {
      name: 'the port is held by a dual-stack socket (::ffff:127.0.0.1, as gRPC binds)',
      response: 'names the process and its pid; starts nothing',
      before: (scene) => listenOnPort(scene, { host: '::ffff:127.0.0.1' }),
      status: 1,
      says: [new RegExp(`port \\d+ is taken: .* \\(pid ${process.pid}\\)`)],
      reaches: 'nothing started',
      xdp: 'none left',
    },
    {
      name: 'the port is held by another katran (both could listen, silently)',
      response: 'names it and its pid; starts nothing, the other goes on',
      before: anotherKatran,
      status: 1,
      says: [/port \d+ is taken: katran_server_g.* \(pid \d+\).*two katrans share a port silently/],
      reaches: 'nothing started',
      xdp: 'none left',
    },
    {
      name: 'an ordinary listener takes the port after it was checked',
      response: 'reports katran’s SIGSEGV at once and says that it usually means just that',
      double: { START_DELAY: 1500 },
      waitsMs: 1500,
      status: 139,
      says: [/died of SIGSEGV \(status 139\).*its port is taken.*ip link set dev eth0 xdp off/],
      reaches: 'started',
      xdp: 'stays attached',
      during: async (scene) => {
        await scene.katranDid('start');
        await listenOnPort(scene);
      },
    },
    {
      name: 'another katran begins to listen while ours starts',
      response: 'does not take its answers for ours: names it, stops ours, the other goes on',
      double: { START_DELAY: 2000 },
      waitsMs: 2000,
      status: 1,
      says: [
        /is shared with katran_server_g.* \(pid \d+\), which began to listen while katran \(pid \d+\) started/,
      ],
      reaches: 'started',
      xdp: 'none left',
      during: async (scene) => {
        await scene.katranDid('start');
        await anotherKatran(scene);
      },
    },
    ...ARTIFACTS.map((artifact): Fault => ({
      name: `a second launcher (${artifact.name}) on the same port`,
      response: 'the second says that another one is at work and ends with 1; the first goes on',
      survived: true,
      status: 0,
      says: [],
      reaches: 'up',
      xdp: 'none left',
      // The first has not even found the gateway: it is not the open port that keeps the second out.
      flags: ['-gateway_timeout', '60000'],
      before: forgetGateway,
      during: async (scene) => {
        await until('the first is at work', () => lockHeld(scene.staged));
        const second = await scene.another([], {}, artifact).ended;
        expect(second.status, second.stderr).toBe(1);
        expect(second.stderr).toMatch(
          /another start-katran \(pid \d+\) is launching or supervising katran on interface eth0/,
        );
        changeGatewayMac(scene, GATEWAY_MAC);
        await scene.isUp();
        scene.launcher.kill('SIGTERM');
      },
    })),
    {
      name: 'a second launcher on the same interface, with another port',
      response: 'the second says that another one is at work there and ends with 1; the first goes on',
      survived: true,
      status: 0,
      says: [],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        const second = await scene.another(['-server', `127.0.0.1:${await freePort()}`]).ended;
        expect(second.status, second.stderr).toBe(1);
        expect(second.stderr).toMatch(
          /another start-katran \(pid \d+\) is launching or supervising katran on interface eth0/,
        );
        scene.launcher.kill('SIGTERM');
      },
    },
  ],
};
