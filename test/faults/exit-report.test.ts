import { describe, expect, it } from 'vitest';
import { ARTIFACTS, type Artifact, runLauncher } from '../support/launcher.ts';
import { type Settings, startDouble } from '../support/katran-double/index.ts';
import { listenOnPort } from './support/moves.ts';
import { Scene } from './support/scene.ts';

/**
 * What katran's exit during start may take to be reported, on top of what its bare death takes to reach a parent. Whoever waits for a
 * call's deadline takes 500 ms at least; loading gRPC, which goes on just then, takes less on a machine that is not busy.
 */
const REPORT_MS = 250;
/** And in the launcher's own least time on this machine now. */
const IDLE_RUNS = 3;
/** Noise only ever adds: one quiet moment shows that nothing in the launcher waits. */
const ATTEMPTS = 6;

interface DeathAtStart {
  readonly name: string;
  readonly double: Settings;
  /** Brings the death about, and gives its moment, in ms since 1970. Without it the double's last journal entry is that. */
  readonly die?: (scene: Scene) => Promise<number>;
}

const DEATHS: readonly DeathAtStart[] = [
  { name: 'exits at its very start', double: { CRASH: 'start=exit:3' } },
  { name: 'aborts with XDP attached', double: { START_DELAY: 300, CRASH: 'before-port=SIGABRT' } },
  { name: 'dies as soon as it listens', double: { START_DELAY: 300, CRASH: 'after-port=SIGSEGV' } },
  { name: 'dies while a call to it is waiting', double: { LATE: 60_000, CRASH: '900=SIGSEGV' } },
  {
    name: 'dies while a call hangs in another listener, which never answers',
    double: { HANG: 'start' },
    die: async (scene) => {
      const pid = await scene.katranPid();
      // A call has just begun: whoever waits for its deadline reports late.
      await new Promise<void>((called) => void listenOnPort(scene, { onConnection: called }));
      process.kill(pid, 'SIGSEGV');
      return Date.now();
    },
  },
];

/** ms from the double's last journal entry to what somebody sees of its death. */
async function bareDeathMs(): Promise<number> {
  const double = await startDouble({ settings: { CRASH: 'start=exit:3' } });
  await double.ended;
  const seen = Date.now();
  const { time } = await double.stage.waitFor('exit');
  await double.remove();
  double.stage.remove();
  return seen - time;
}

/** ms the launcher takes to do nothing now, on a machine that may be busy. */
async function idleRunMs(artifact: Artifact): Promise<number> {
  const began = performance.now();
  await runLauncher(artifact, ['-version']);
  return performance.now() - began;
}

async function reportedAfterMs(artifact: Artifact, { double, die }: DeathAtStart): Promise<number> {
  const scene = await Scene.open(artifact, double);
  try {
    scene.start([]);
    const died = await die?.(scene);
    await scene.launcher.saysOnStderr(/katran (died of|exited with) .* before it was up/, 30_000);
    const seen = Date.now();
    const time = died ?? (await scene.katranDid('exit')).time;
    await scene.launcher.ended;
    return seen - time;
  } finally {
    await scene.remove();
  }
}

describe.each(ARTIFACTS)('katran’s end during its start, reported at once: $name', (artifact) => {
  it.each(DEATHS)('katran $name', async (death) => {
    const seen: string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const bare = await bareDeathMs();
      const bound = bare + Math.max(REPORT_MS, IDLE_RUNS * (await idleRunMs(artifact)));
      const reported = await reportedAfterMs(artifact, death);
      if (reported <= bound) return;
      seen.push(`${reported} ms instead of ${Math.round(bound)} (a bare death: ${bare})`);
    }
    expect.fail(`never in time: ${seen.join(', ')}`);
  });
});
