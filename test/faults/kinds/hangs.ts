import { openKatranClient } from '../../../src/katran/client.ts';
import type { FaultKind } from '../support/fault.ts';
import { silentConnection, stopWhenUp } from '../support/moves.ts';
import { changeGatewayMac, OTHER_MAC } from '../support/gateway-tables.ts';
import type { Scene } from '../support/scene.ts';

const GIVE_UP = ['-start_timeout', '1500'];
const GAVE_UP = /katran \(pid \d+\) was not up 1500 ms after its start \(-start_timeout\).*stopping it/;
/** What the launcher gives a katran that was told to stop, beyond -shutdown_delay. */
const GRACE_MS = 25_000;

async function signalKatran(scene: Scene, signal: NodeJS.Signals): Promise<void> {
  process.kill(await scene.katranPid(), signal);
}

export const hangs: FaultKind = {
  title: 'katran hangs or is slow',
  faults: [
    {
      name: 'katran hangs before it attaches XDP',
      response: 'gives up after -start_timeout and stops it',
      double: { HANG: 'start' },
      flags: GIVE_UP,
      waitsMs: 1500,
      status: 1,
      says: [GAVE_UP],
      reaches: 'started',
      xdp: 'none left',
    },
    {
      name: 'katran never opens its port',
      response: 'gives up after -start_timeout and stops it with SIGTERM, so that XDP is detached',
      double: { HANG: 'before-port', START_DELAY: 150 },
      flags: GIVE_UP,
      waitsMs: 1500,
      status: 1,
      says: [GAVE_UP, /Signal: 15, stopping service/],
      reaches: 'started',
      xdp: 'none left',
    },
    {
      name: 'katran accepts connections but never answers',
      response: 'gives up after -start_timeout, closes its connections, stops it with SIGTERM',
      double: { HANG: 'accept' },
      flags: GIVE_UP,
      waitsMs: 1500,
      status: 1,
      says: [GAVE_UP],
      reaches: 'started',
      xdp: 'none left',
    },
    {
      name: 'katran answers each call 2 s late',
      response: 'does not call that up: gives up after -start_timeout and stops it',
      double: { LATE: 2000 },
      flags: GIVE_UP,
      waitsMs: 1500,
      status: 1,
      says: [GAVE_UP],
      reaches: 'started',
      xdp: 'none left',
    },
    {
      name: 'katran hangs at start and ignores SIGTERM',
      response: 'SIGKILL 25 s after the SIGTERM; says that XDP stays attached and how to detach it',
      double: { HANG: 'accept' },
      flags: GIVE_UP,
      waitsMs: 1500 + GRACE_MS,
      status: 1,
      says: [GAVE_UP, /has not ended 25000 ms after SIGTERM; killing it[^]*ip link set dev eth0 xdp off/],
      reaches: 'started',
      xdp: 'stays attached',
      during: async (scene) => {
        await scene.katranDid('listening');
        scene.staged.stage.control({ HANG: 'shutdown' });
      },
    },
    {
      name: 'a running katran ignores SIGTERM',
      response:
        'waits -shutdown_delay and 25 s more, then SIGKILL; says that XDP stays attached and how to detach it',
      double: { HANG: 'shutdown' },
      flags: ['-shutdown_delay', '500'],
      waitsMs: 500 + GRACE_MS,
      status: 137,
      says: [/has not ended 25500 ms after SIGTERM; killing it[^]*ip link set dev eth0 xdp off/],
      reaches: 'up',
      xdp: 'stays attached',
      during: stopWhenUp,
    },
    {
      name: 'a connection to katran’s port that does not take part in the shutdown (costs katran 20 s)',
      response: 'waits for katran, which detaches XDP by itself',
      waitsMs: 20_000,
      status: 0,
      says: [/katran exited with status 0/],
      neverSays: [/killing it/],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        await silentConnection(scene);
        scene.launcher.kill('SIGTERM');
      },
    },
    {
      name: 'katran takes 2.5 s to start',
      response: 'says once a second that it cannot reach it yet; goes on',
      survived: true,
      double: { START_DELAY: 2500 },
      waitsMs: 2500,
      status: 0,
      says: [/cannot reach katran server. retrying/],
      reaches: 'up',
      xdp: 'none left',
      during: stopWhenUp,
    },
    {
      name: 'katran answers each call 300 ms late',
      response: 'goes on',
      survived: true,
      double: { LATE: 300 },
      status: 0,
      says: [],
      reaches: 'up',
      xdp: 'none left',
      during: stopWhenUp,
    },
    {
      name: 'katran is stopped (SIGSTOP) while it starts',
      response: 'gives up after -start_timeout; SIGTERM and SIGCONT, so that it can detach XDP',
      double: { HANG: 'before-port', START_DELAY: 150 },
      flags: GIVE_UP,
      waitsMs: 1500,
      status: 1,
      says: [GAVE_UP],
      reaches: 'started',
      xdp: 'none left',
      during: async (scene) => {
        await scene.katranDid('xdp-attached');
        await signalKatran(scene, 'SIGSTOP');
      },
    },
    {
      name: 'a running katran is stopped (SIGSTOP), then the launcher is told to stop',
      response: 'SIGTERM and SIGCONT: katran ends as it should',
      status: 0,
      says: [/katran exited with status 0/],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        await signalKatran(scene, 'SIGSTOP');
        scene.launcher.kill('SIGTERM');
      },
    },
    {
      name: 'a running katran is stopped (SIGSTOP) while the gateway’s MAC changes, and continued',
      response: 'warns that it cannot tell katran, tries on, and tells it once it answers',
      survived: true,
      flags: ['-gateway_interval', '50'],
      waitsMs: 5000,
      status: 0,
      says: [/cannot tell katran the gateway's MAC/, /told katran at attempt \d+/],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        await signalKatran(scene, 'SIGSTOP');
        changeGatewayMac(scene, OTHER_MAC);
        await scene.launcher.saysOnStderr(/cannot tell katran the gateway's MAC/, 30_000);
        await signalKatran(scene, 'SIGCONT');
        await scene.launcher.saysOnStderr(/told katran/, 30_000);
        scene.launcher.kill('SIGTERM');
      },
    },
    {
      name: 'a running katran stops answering its gRPC calls for good',
      response: 'keeps trying with growing pauses; when told to stop, katran is stopped as ever',
      survived: true,
      flags: ['-gateway_interval', '50'],
      waitsMs: 3000,
      status: 0,
      says: [/cannot tell katran the gateway's MAC/, /katran exited with status 0/],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        await scene.isUp();
        scene.staged.stage.control({ LATE: 60_000 });
        changeGatewayMac(scene, OTHER_MAC);
        await scene.launcher.saysOnStderr(/cannot tell katran the gateway's MAC/, 30_000);
        scene.launcher.kill('SIGTERM');
      },
    },
    {
      name: 'another client keeps calling katran while it is stopped',
      response: 'does not mind',
      survived: true,
      flags: ['-shutdown_delay', '300'],
      waitsMs: 300,
      status: 0,
      says: [/katran exited with status 0/],
      reaches: 'up',
      xdp: 'none left',
      during: async (scene) => {
        const client = openKatranClient(`127.0.0.1:${scene.staged.port}`);
        scene.onRelease(() => client.close());
        await scene.isUp();
        await client.getMac(10_000);
        scene.launcher.kill('SIGTERM');
      },
    },
  ],
};
