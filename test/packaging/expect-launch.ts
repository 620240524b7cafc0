import { expect } from 'vitest';
import type { Artifact } from '../support/launcher.ts';
import { stageLaunch } from '../support/staged-launch.ts';

/** Expects that a program launches katran, and ends in order when it is told to. */
export async function expectLaunch(program: Artifact): Promise<void> {
  const staged = await stageLaunch();
  try {
    const launcher = staged.launch(program, ['-affinitize']);
    await launcher.isUp();
    expect((await launcher.stop()).status).toBe(0);
  } finally {
    await staged.remove();
  }
}
