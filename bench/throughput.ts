import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Artifact } from '../test/support/launcher.ts';
import { stageLaunch } from '../test/support/staged-launch.ts';

const LINES = 400_000;
const AT_ONCE = 10_000_000;

/** Lines a second of katran's output that arrive at whoever reads the launcher's stderr. */
export async function throughput(artifact: Artifact, format: 'text' | 'json'): Promise<number> {
  const staged = await stageLaunch({
    double: { START_DELAY: 0, FLOOD: AT_ONCE, FLOOD_LINES: LINES, FLOOD_LENGTH: 100 },
  });
  try {
    const [, ...rest] = [artifact.file, ...artifact.prefix, ...staged.flags, '-run', '-log_format', format];
    const child = spawn(artifact.file, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, ...staged.stage.env },
    });
    let lines = 0;
    let first = 0;
    let last = 0;
    child.stderr.on('data', (bytes: Buffer) => {
      last = performance.now();
      if (first === 0) first = last;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
      if (lines >= LINES) child.kill('SIGTERM');
    });
    await once(child, 'close');
    return (lines / (last - first)) * 1000;
  } finally {
    await staged.remove();
  }
}
