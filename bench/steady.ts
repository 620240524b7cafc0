import fs from 'node:fs';
import type { Artifact } from '../test/support/launcher.ts';
import { stageLaunch } from '../test/support/staged-launch.ts';

/** What a process is doing to the machine. Memory in MiB, CPU time in ms since its start. */
export interface Load {
  readonly resident: number;
  /** Its own, not mapped from files. */
  readonly anonymous: number;
  readonly cpu: number;
}

export function loadOf(pid: number): Load {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  let nanoseconds = 0;
  for (const thread of fs.readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return { resident: mebibytes('VmRSS'), anonymous: mebibytes('RssAnon'), cpu: nanoseconds / 1e6 };
}

export interface Steady {
  /** Per cent of one CPU. */
  readonly cpu: number;
  readonly resident: number;
  readonly anonymous: number;
}

/** A launcher with a katran that is up, left alone for some seconds after it has settled. */
export async function steadyState(artifact: Artifact, seconds: number): Promise<Steady> {
  const staged = await stageLaunch({ double: { START_DELAY: 0 } });
  try {
    const running = staged.launch(artifact, ['-affinitize']);
    await running.saysOnStderr(/katran is up and running/);
    const pause = (s: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, s * 1000));
    await pause(Math.min(10, seconds / 2));
    const before = loadOf(running.pid);
    await pause(seconds);
    const after = loadOf(running.pid);
    running.kill('SIGTERM');
    await running.ended;
    return {
      cpu: (after.cpu - before.cpu) / (seconds * 10),
      resident: after.resident,
      anonymous: after.anonymous,
    };
  } finally {
    await staged.remove();
  }
}
