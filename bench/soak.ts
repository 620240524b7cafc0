import { ARTIFACTS } from '../test/support/launcher.ts';
import { stageLaunch } from '../test/support/staged-launch.ts';
import { changeGatewayMac, macTaken } from './launches.ts';
import { loadOf } from './steady.ts';

const CHECKS = 10_000;
const CHANGES = 1000;
const CHECK_MS = 1;
const ALLOWED_GROWTH = 1.1;

/**
 * 10,000 looks at the gateway (`-gateway_interval 1`) and 1,000 changes of its MAC, for both artifacts. Prints memory
 * through it; true when none grew: the last quarter's median against that of the second quarter.
 */
export async function soak(): Promise<boolean> {
  let good = true;
  for (const artifact of ARTIFACTS) {
    const staged = await stageLaunch({ double: { START_DELAY: 0 } });
    try {
      const running = staged.launch(artifact, ['-affinitize', '-gateway_interval', String(CHECK_MS)]);
      await running.saysOnStderr(/katran is up and running/);
      const anonymous: number[] = [];
      const begun = performance.now();
      const first = loadOf(running.pid);
      let changes = 0;
      // A look takes its own time on top of the pause: twice the product is enough for all of them.
      while (changes < CHANGES || performance.now() - begun < 2 * CHECKS * CHECK_MS) {
        if (changes < CHANGES) await macTaken(staged, changeGatewayMac(staged, ++changes), 10_000);
        else await new Promise((resolve) => setTimeout(resolve, 100));
        anonymous.push(loadOf(running.pid).anonymous);
      }
      const last = loadOf(running.pid);
      const seconds = (performance.now() - begun) / 1000;
      const median = (from: number, to: number): number =>
        anonymous.slice(anonymous.length * from, anonymous.length * to).sort((a, b) => a - b)[
          Math.floor((anonymous.length * (to - from)) / 2)
        ] ?? NaN;
      const [early, late] = [median(0.25, 0.5), median(0.75, 1)];
      good &&= late <= early * ALLOWED_GROWTH;
      console.log(
        `${artifact.name}: ${changes} MAC changes and looks every ${CHECK_MS} ms for ${seconds.toFixed(0)} s, ` +
          `CPU ${((last.cpu - first.cpu) / (seconds * 10)).toFixed(1)} %, own memory ${first.anonymous.toFixed(1)} MiB at first, ` +
          `${early.toFixed(1)} in the second quarter, ${late.toFixed(1)} in the last; resident ${last.resident.toFixed(1)} MiB`,
      );
      running.kill('SIGTERM');
      await running.ended;
    } finally {
      await staged.remove();
    }
  }
  return good;
}
