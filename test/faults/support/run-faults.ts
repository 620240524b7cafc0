import { beforeAll, describe, expect, it } from 'vitest';
import { ARTIFACTS, type Artifact, type Ended } from '../../support/launcher.ts';
import { statusOfSignal } from '../../../src/failure.ts';
import type { Fault, FaultKind } from './fault.ts';
import { expectNothingLeft, lookBefore } from './nothing-left.ts';
import { Scene } from './scene.ts';

/** How many times longer than a healthy launch a faulty one may take, on top of the timeouts it sits out: others run at the same time. */
const ALLOWANCE = 25;
/** And at least that long: the healthy launch may have met a quiet moment. */
const LEAST_MS = 40_000;

/** Tests of all faults of a kind, against both things that are shipped. */
export function testFaults({ title, faults }: FaultKind): void {
  describe.each(ARTIFACTS)(`${title}: $name`, (artifact) => {
    let healthyMs = Infinity;
    beforeAll(async () => {
      healthyMs = await healthyLaunchMs(artifact);
    });
    for (const fault of faults) {
      const reason = fault.skippedBecause?.();
      it.concurrent(`${fault.name}: ${fault.response}`, async ({ skip }) => {
        if (reason !== undefined) skip(reason);
        await provoke(artifact, fault, (fault.waitsMs ?? 0) + Math.max(LEAST_MS, ALLOWANCE * healthyMs));
      });
    }
  });
}

/** ms from start to end of a launch that is stopped as soon as it is up. */
async function healthyLaunchMs(artifact: Artifact): Promise<number> {
  const scene = await Scene.open(artifact);
  try {
    const began = performance.now();
    scene.start([]);
    await scene.isUp();
    scene.launcher.kill('SIGTERM');
    const { status, stderr } = await scene.launcher.ended;
    expect(status, stderr).toBe(0);
    return performance.now() - began;
  } finally {
    await scene.remove();
  }
}

async function provoke(artifact: Artifact, fault: Fault, withinMs: number): Promise<void> {
  const scene = await Scene.open(artifact, fault.double);
  try {
    await fault.before?.(scene);
    const before = lookBefore(scene);
    const flags = typeof fault.flags === 'function' ? fault.flags(scene) : (fault.flags ?? []);
    scene.start(flags, fault.options?.(scene));
    const ended = await within(scene, withinMs, async () => {
      await fault.during?.(scene);
      return scene.launcher.ended;
    });
    checkOutcome(scene, fault, ended);
    await fault.after?.(scene, ended);
    await scene.release();
    expectNothingLeft(scene, before, fault);
  } finally {
    await scene.remove();
  }
}

function checkOutcome(scene: Scene, fault: Fault, { status, signal, stderr }: Ended): void {
  const seen = signal === null ? { status } : { status: statusOfSignal(signal), signalled: true };
  expect(seen, stderr).toEqual({
    status: fault.status,
    ...(fault.signalled === true ? { signalled: true } : {}),
  });
  for (const pattern of fault.says) expect(stderr).toMatch(pattern);
  for (const pattern of fault.neverSays ?? []) expect(stderr).not.toMatch(pattern);
  expect(stderr, 'a stack trace').not.toMatch(/^\s+at .+:\d+:\d+/m);
  const started = scene.staged.stage.journal().some(({ event }) => event === 'start');
  expect(started, 'katran was started').toBe(fault.reaches !== 'nothing started');
  if (fault.reaches === 'up') expect(stderr).toMatch(/katran is up and running/);
  else if (fault.reaches !== 'unseen') expect(stderr).not.toMatch(/katran is up and running/);
}

async function within<T>(scene: Scene, ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`not over after ${Math.round(ms)} ms; stderr:\n${scene.launcher.stderr}`)),
      ms,
    );
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
