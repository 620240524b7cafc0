import fs from 'node:fs';
import path from 'node:path';
import { ARTIFACTS } from './artifacts.ts';
import { stageLaunch } from '../test/support/staged-launch.ts';
import { changeGatewayMac, macTaken } from './launches.ts';
import { loadOf } from './steady.ts';

const CHECKS = 10_000;
const CHANGES = 1000;
const CHECK_MS = 1;
const ALLOWED_GROWTH = 1.25;

/** Bytes that a process has read from files so far (proc_pid_io(5)); sockets are not in it. */
function bytesRead(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** What one look at the gateway reads. */
function bytesPerLook(sysroot: string): number {
  return ['route', 'arp'].reduce(
    (sum, file) => sum + fs.statSync(path.join(sysroot, 'proc/net', file)).size,
    0,
  );
}

/**
 * 10,000 looks at the gateway (`-gateway_interval 1`) and 1,000 changes of its MAC, for both artifacts. Prints memory
 * through it; true when none grew: the least of the last quarter against that of the second.
 */
export async function soak(): Promise<boolean> {
  let good = true;
  for (const artifact of ARTIFACTS) {
    const staged = await stageLaunch({ double: { START_DELAY: 0 } });
    try {
      const running = staged.launch(artifact, ['-affinitize', '-gateway_interval', String(CHECK_MS)]);
      await running.saysOnStderr(/katran is up and running/);
      // The runtimes take heap until their collectors have seen what the work needs; growth counts from there.
      for (let n = 1; n <= CHANGES; n += 1)
        await macTaken(staged, changeGatewayMac(staged, CHANGES + n), 10_000);
      const anonymous: number[] = [];
      const begun = performance.now();
      const first = loadOf(running.pid);
      let changes = 0;
      const bytesAtFirst = bytesRead(running.pid);
      const looks = (): number =>
        Math.floor((bytesRead(running.pid) - bytesAtFirst) / bytesPerLook(staged.sysroot));
      while (changes < CHANGES || looks() < CHECKS) {
        if (changes < CHANGES) await macTaken(staged, changeGatewayMac(staged, ++changes), 10_000);
        else await new Promise((resolve) => setTimeout(resolve, 100));
        anonymous.push(loadOf(running.pid).anonymous);
      }
      const last = loadOf(running.pid);
      const seconds = (performance.now() - begun) / 1000;
      // The least of a quarter is nearest to what is in use: between collections the heap goes up and down.
      const least = (from: number, to: number): number =>
        Math.min(...anonymous.slice(anonymous.length * from, anonymous.length * to));
      const [early, late] = [least(0.25, 0.5), least(0.75, 1)];
      good &&= late <= early * ALLOWED_GROWTH;
      console.log(
        `${artifact.name}: ${changes} MAC changes and ${looks()} looks in ${seconds.toFixed(0)} s, ` +
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
