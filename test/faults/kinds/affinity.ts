import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Fault, FaultKind } from '../support/fault.ts';
import { KernelPipe } from '../support/kernel-pipe.ts';
import { whyNoMounts } from '../support/mounts.ts';
import type { Scene } from '../support/scene.ts';

const run = (scene: Scene): string => path.join(scene.staged.sysroot, 'run');

/** The masks found cannot be saved: nothing is written, nothing is started. */
function unsaved(name: string, says: RegExp, more: Partial<Fault>): Fault {
  return {
    name,
    response: 'writes no mask and starts nothing: what could not be saved could not be restored',
    flags: ['-affinitize'],
    status: 1,
    says: [says, /no mask was written|cannot save IRQ masks|cannot lock/],
    reaches: 'nothing started',
    xdp: 'none left',
    ...more,
  };
}

/** Runs the launcher in a mount namespace of its own, in which these commands were run before; nothing of it outlives the launcher. */
const withMounts = (commands: string) => (scene: Scene) => ({
  within: ['unshare', '--mount', 'sh', '-ec', `${commands}; shift; exec "$@"`, 'sh', run(scene)],
});

export const affinity: FaultKind = {
  title: 'the interrupt affinity',
  faults: [
    {
      name: 'a mask is accepted and does not read back',
      response: 'puts back the masks already written, says which IRQ it was; starts nothing',
      flags: ['-affinitize'],
      status: 1,
      says: [
        /cannot set irq 33 \(virtio1-input\.2\) .*it reads back as 04; all masks are as they were before/,
      ],
      reaches: 'nothing started',
      xdp: 'none left',
      during: async (scene) => {
        const irq33 = new KernelPipe(scene, 33);
        await irq33.answersPlans('04');
        expect(await irq33.takes()).toBe('00000002');
        await irq33.answers('04');
        await irq33.answers('04'); // when it is put back: it is there already
        await scene.launcher.saysOnStderr(/all masks are as they were before/);
        irq33.settle('04');
      },
    },
    unsaved(
      'there is a file in the place of /run/start-katran',
      /cannot lock against a second launcher: ENOTDIR at /,
      {
        before: (scene) => {
          fs.mkdirSync(run(scene), { recursive: true });
          fs.writeFileSync(path.join(run(scene), 'start-katran'), '');
          scene.onRelease(() => fs.rmSync(path.join(run(scene), 'start-katran')));
        },
      },
    ),
    unsaved('the disk is full: no room for the state file', /ENOSPC.*make room there/, {
      skippedBecause: whyNoMounts,
      before: (scene) => void fs.mkdirSync(run(scene), { recursive: true }),
      options: withMounts(
        'mount -t tmpfs -o size=4k none "$1"; mkdir "$1/start-katran"; head -c 4096 /dev/zero >"$1/full" || true',
      ),
    }),
    unsaved('/run is read-only', /cannot lock against a second launcher: EROFS/, {
      skippedBecause: whyNoMounts,
      before: (scene) => void fs.mkdirSync(run(scene), { recursive: true }),
      options: withMounts('mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"'),
    }),
    unsaved(
      'a limit on the size of files leaves no room for the state file',
      /cannot save the IRQ masks found to .*EFBIG/,
      {
        options: () => ({ within: ['sh', '-c', 'trap \'\' XFSZ; ulimit -f 0; exec "$@"', 'sh'] }),
        after: (scene) => {
          const directory = path.join(run(scene), 'start-katran');
          // Refused where anything is in it.
          if (fs.existsSync(directory)) fs.rmdirSync(directory);
        },
      },
    ),
    {
      name: 'somebody changes a mask while katran runs (-affinitize)',
      response: 'says so, puts it right, within 5 s or at SIGHUP',
      survived: true,
      flags: ['-affinitize'],
      status: 0,
      says: [/repairing interrupt affinity: .*irq 31/, /affinitizing irq 31 to cpu 4 mask 00000010/],
      reaches: 'up',
      xdp: 'none left',
      masks: 'as planned',
      during: async (scene) => {
        await scene.isUp();
        scene.staged.writeKernelFile('proc/irq/31/smp_affinity', 'ff\n');
        scene.launcher.kill('SIGHUP');
        await scene.launcher.saysOnStderr(/repairing interrupt affinity/, 30_000);
        scene.launcher.kill('SIGTERM');
      },
    },
    {
      name: 'katran does not come up after the masks were written',
      response: 'leaves the masks as planned: they are right for the next start, and restore puts them back',
      flags: ['-affinitize'],
      double: { CRASH: 'start=SIGABRT' },
      status: 134,
      says: [/affinitizing irq 31/, /died of SIGABRT/],
      reaches: 'started',
      xdp: 'none left',
      masks: 'as planned',
    },
    {
      name: 'the state file of an earlier run is garbage',
      response: 'says so and replaces it with the masks found now',
      survived: true,
      flags: ['-affinitize'],
      before: (scene) => {
        fs.mkdirSync(path.join(run(scene), 'start-katran'), { recursive: true });
        fs.writeFileSync(path.join(run(scene), 'start-katran/eth0.json'), '{"version":1');
      },
      status: 0,
      says: [/does not hold saved IRQ masks .*replacing it/],
      reaches: 'up',
      xdp: 'none left',
      masks: 'as planned',
      during: async (scene) => {
        await scene.isUp();
        scene.launcher.kill('SIGTERM');
      },
    },
    {
      name: 'the interface does not exist',
      response: 'names those that do; starts nothing',
      flags: ['-intf', 'eth9'],
      status: 1,
      says: [/eth9.*eth0/],
      reaches: 'nothing started',
      xdp: 'none left',
    },
    {
      name: '/proc/interrupts cannot be read',
      response: 'names the file; starts nothing',
      before: (scene) => {
        fs.rmSync(path.join(scene.staged.sysroot, 'proc/interrupts'));
        fs.mkdirSync(path.join(scene.staged.sysroot, 'proc/interrupts'));
      },
      status: 1,
      says: [/cannot read .*\/proc\/interrupts/],
      reaches: 'nothing started',
      xdp: 'none left',
    },
  ],
};
