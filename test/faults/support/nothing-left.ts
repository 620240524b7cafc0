import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { openRoot } from '../../../src/linux/root.ts';
import { parseAffinityMask } from '../../../src/linux/smp-affinity.ts';
import { findListeners } from '../../../src/linux/tcp-listeners.ts';
import type { Outcome } from './fault.ts';
import { plannedMasks } from './planned-masks.ts';
import type { StagedLaunch } from '../../support/staged-launch.ts';
import type { Scene } from './scene.ts';

/** What the world looked like before the launcher. */
export interface Before {
  readonly masks: Readonly<Record<string, string>>;
  readonly cwd: readonly string[];
  readonly tmp: readonly string[];
  readonly run: readonly string[];
}

const RUN = 'run/start-katran';
const LOCKS = `${RUN}/locks`;
/** What a launcher keeps there for after it; the locks are looked at by themselves. */
const kept = (sysroot: string): string[] => list(path.join(sysroot, RUN)).filter((name) => name !== 'locks');

function list(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch {
    return [];
  }
}

export function lookBefore(scene: Scene): Before {
  return {
    masks: scene.staged.masks(),
    cwd: list(scene.cwd),
    tmp: list(scene.tmp),
    run: kept(scene.staged.sysroot),
  };
}

/** Whether a launcher that runs, or ended in order, holds the lock of this port: one that was killed leaves an entry that is no obstacle. */
export function lockHeld({ sysroot, port }: Pick<StagedLaunch, 'sysroot' | 'port'>): boolean {
  return list(path.join(sysroot, LOCKS)).some((name) => {
    const [, pid, subject] = /^\d+_(\d+)_\d+_(.*)$/.exec(name) ?? [];
    return subject?.startsWith(`port:${port}:`) === true && fs.existsSync(`/proc/${pid ?? ''}`);
  });
}

/** The CPUs of each mask: `1` and `00000001` are the same to the kernel. */
function cpusOf(masks: Readonly<Record<string, string>>): Record<string, readonly number[]> {
  return Object.fromEntries(Object.entries(masks).map(([irq, mask]) => [irq, parseAffinityMask(mask)]));
}

/** No process, mask, socket or temporary file of a launch that is over; the XDP marker as the outcome says. */
export function expectNothingLeft(scene: Scene, before: Before, outcome: Outcome): void {
  const { staged } = scene;
  expect(scene.processes(), 'processes left').toEqual([]);
  expect(findListeners(openRoot('/'), staged.port), 'listeners left on the port').toEqual([]);
  expect(lockHeld(staged), 'the lock is still held').toBe(false);
  expect(list(scene.cwd), 'files left in the working directory').toEqual(before.cwd);
  expect(list(scene.tmp), 'files left in TMPDIR').toEqual(before.tmp);
  const planned = outcome.masks === 'as planned';
  const files = new Set([...before.run, ...(planned ? ['eth0.json'] : [])]);
  expect(kept(staged.sysroot), 'files in /run/start-katran').toEqual([...files]);
  expect(cpusOf(staged.masks()), 'CPUs of the IRQ masks').toEqual(
    cpusOf(planned ? { ...before.masks, ...plannedMasks() } : before.masks),
  );
  expect(staged.stage.xdpAttached() ? 'stays attached' : 'none left', 'XDP program').toBe(outcome.xdp);
}
