import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunOptions } from '../../support/launcher.ts';
import type { Scene } from './scene.ts';

/** Why no clock can be made to jump here, for the note of a skipped test. */
export function whyNoClock(): string | undefined {
  return spawnSync('cc', ['--version']).status === 0
    ? undefined
    : 'needs a C compiler (cc), for a library that moves the launcher’s clock';
}

/** The wall clock of the launcher, and of nothing else: a preloaded library adds what a file says. */
export function underMovableClock(scene: Scene): RunOptions {
  const library = scene.file('clock-jump.so');
  const source = fileURLToPath(new URL('clock-jump.c', import.meta.url));
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  moveClock(scene, 0);
  return { env: { LD_PRELOAD: library, CLOCK_JUMP: scene.file('clock') } };
}

/** From now on the launcher's clock is so many days ahead of the real one, or behind it. */
export function moveClock(scene: Scene, days: number): void {
  fs.writeFileSync(scene.file('clock.new'), `${days * 24 * 60 * 60}\n`);
  fs.renameSync(scene.file('clock.new'), scene.file('clock'));
}
