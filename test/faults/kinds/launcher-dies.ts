import { expect } from 'vitest';
import { openKatranClient } from '../../../src/katran/client.ts';
import { runLauncher } from '../../support/launcher.ts';
import type { Fault, FaultKind } from '../support/fault.ts';
import { KernelPipe } from '../support/kernel-pipe.ts';
import { until } from '../support/moves.ts';
import { lockHeld } from '../support/nothing-left.ts';
import type { Scene } from '../support/scene.ts';

/** Ends a launcher without a chance for it to do anything; gives katran's pid. */
async function killLauncher(scene: Scene): Promise<number> {
  const pid = await scene.katranPid();
  scene.launcher.kill('SIGKILL');
  await until('the launcher is gone', () => scene.launcher.child.signalCode !== null);
  return pid;
}

const KILLED = { status: 137, signalled: true, xdp: 'none left', says: [] } as const;

export const launcherDies: FaultKind = {
  title: 'the launcher is killed',
  faults: [
    {
      name: 'SIGKILL of the launcher while katran runs',
      response: 'katran goes on and answers, its output keeps flowing; the next start names it and its pid',
      ...KILLED,
      reaches: 'up',
      double: { FLOOD: 100 },
      during: async (scene) => {
        await scene.isUp();
        const pid = await killLauncher(scene);
        const written = scene.launcher.stderr.length;
        await until('katran’s output flows on', () => scene.launcher.stderr.length > written + 1000);
        const client = openKatranClient(`127.0.0.1:${scene.staged.port}`);
        expect(await client.getMac(10_000)).toBe('96:a3:21:a5:07:cb');
        client.close();
        const next = await scene.another().ended;
        expect(next.status).toBe(1);
        expect(next.stderr).toMatch(
          new RegExp(`port ${scene.staged.port} is taken: katran_server_g.* \\(pid ${pid}\\)`),
        );
        process.kill(pid, 'SIGTERM');
      },
    },
    {
      name: 'SIGKILL of the launcher, katran stopped, a new start',
      response: 'starts as if nothing had been: no lock or file is in its way',
      ...KILLED,
      reaches: 'up',
      during: async (scene) => {
        await scene.isUp();
        process.kill(await killLauncher(scene), 'SIGTERM');
        await scene.launcher.ended;
        expect(lockHeld(scene.staged)).toBe(false);
        const next = scene.another();
        await next.isUp();
        expect((await next.stop()).status).toBe(0);
      },
    },
    {
      name: 'SIGKILL of the launcher while katran starts',
      response: 'katran comes up without it',
      ...KILLED,
      reaches: 'started',
      double: { START_DELAY: 1000 },
      waitsMs: 1000,
      during: async (scene) => {
        const pid = await killLauncher(scene);
        await scene.katranDid('listening');
        process.kill(pid, 'SIGTERM');
      },
    },
    {
      name: 'SIGKILL of the launcher while it writes masks',
      response: 'half of the plan is written; the masks found were saved before: restore puts them back',
      ...KILLED,
      reaches: 'nothing started',
      flags: ['-affinitize'],
      during: async (scene) => {
        const irq33 = new KernelPipe(scene, 33);
        await irq33.answersPlans('04');
        await scene.launcher.saysOnStderr(/affinitizing irq 33 to cpu 1/, 30_000);
        expect(scene.staged.mask(31)).toBe('00000010');
        scene.launcher.kill('SIGKILL');
        await scene.launcher.ended;
        irq33.settle('04');
        const restored = await runLauncher(scene.artifact, [
          ...['restore', '-sysroot', scene.staged.sysroot, '-intf', 'eth0'],
        ]);
        expect(restored.status, restored.stderr).toBe(0);
      },
    },
  ] satisfies Fault[],
};
