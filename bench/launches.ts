import fs from 'node:fs';
import path from 'node:path';
import type { Artifact, Running } from '../test/support/launcher.ts';
import { stageLaunch, type StagedLaunch } from '../test/support/staged-launch.ts';
import { spreadOf, type Spread } from './spread.ts';

const UP = /katran is up and running/;

/** ms since 1970, finer than Date.now(). */
const now = (): number => performance.timeOrigin + performance.now();

export interface LaunchTimes {
  /** All in ms. From the double's listening to the launcher's `katran is up and running`. */
  readonly listeningToUp: Spread;
  /** From the exec of the launcher to the same. */
  readonly execToUp: Spread;
  /** From the exec of the launcher to that of katran, with the gateway in the ARP table. */
  readonly execToExec: Spread;
  /** From the double's exec to its listening: the floor under execToUp. */
  readonly doubleStart: Spread;
}

/** A katran that notes when it was executed, and is the double from then on. */
function notingBinary(staged: StagedLaunch, note: string): string {
  const file = path.join(staged.sysroot, 'noting-katran');
  const double = staged.flags[staged.flags.indexOf('-binary') + 1] ?? '';
  fs.writeFileSync(file, `#!/bin/bash\necho "$EPOCHREALTIME" >'${note}'\nexec '${double}' "$@"\n`, {
    mode: 0o755,
  });
  return file;
}

function eventTime(staged: StagedLaunch, event: string): number {
  const found = staged.stage.journal().findLast((entry) => entry.event === event);
  if (found === undefined) throw new Error(`the double's journal has no ${event}`);
  return found.time;
}

async function end(running: Running): Promise<void> {
  running.kill('SIGTERM');
  await running.ended;
}

/** Launches again and again, with a katran that takes `startDelay` ms to open its port. */
export async function launchTimes(
  artifact: Artifact,
  startDelay: number,
  repetitions: number,
): Promise<LaunchTimes> {
  const staged = await stageLaunch({ double: { START_DELAY: startDelay } });
  const note = path.join(staged.sysroot, 'executed-at');
  const binary = notingBinary(staged, note);
  const times: Record<keyof LaunchTimes, number[]> = {
    listeningToUp: [],
    execToUp: [],
    execToExec: [],
    doubleStart: [],
  };
  try {
    for (let i = 0; i <= repetitions; i += 1) {
      const begun = now();
      const running = staged.launch(artifact, ['-affinitize', '-binary', binary]);
      await running.saysOnStderr(UP);
      const up = now();
      await end(running);
      if (i === 0) continue;
      const executed = Number(fs.readFileSync(note, 'utf8')) * 1000;
      const listening = eventTime(staged, 'listening');
      times.listeningToUp.push(up - listening);
      times.execToUp.push(up - begun);
      times.execToExec.push(executed - begun);
      times.doubleStart.push(listening - executed);
    }
  } finally {
    await staged.remove();
  }
  return {
    listeningToUp: spreadOf(times.listeningToUp),
    execToUp: spreadOf(times.execToUp),
    execToExec: spreadOf(times.execToExec),
    doubleStart: spreadOf(times.doubleStart),
  };
}

const ARP = 'proc/net/arp';

/** Another MAC for the gateway in the machine's ARP table; whole, as the kernel gives it. */
export function changeGatewayMac(staged: StagedLaunch, n: number): string {
  const bytes = [n >> 16, n >> 8, n].map((byte) => (byte & 0xff).toString(16).padStart(2, '0'));
  const mac = `02:00:00:${bytes.join(':')}`;
  const table = fs.readFileSync(path.join(staged.sysroot, ARP), 'utf8');
  staged.writeKernelFile(`${ARP}.new`, table.replaceAll(/(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/g, mac));
  fs.renameSync(path.join(staged.sysroot, `${ARP}.new`), path.join(staged.sysroot, ARP));
  return mac;
}

/** Waits until the double has taken that MAC; ms since 1970 of its answer. */
export async function macTaken(staged: StagedLaunch, mac: string, withinMs: number): Promise<number> {
  const deadline = now() + withinMs;
  for (;;) {
    const taken = staged.stage
      .journal()
      .findLast((entry) => entry.event === 'changeMac' && entry.mac === mac);
    if (taken !== undefined) return taken.time;
    if (now() > deadline) throw new Error(`${mac} did not reach katran in ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** From a gateway's new MAC in /proc/net/arp to changeMac answered, in ms, with that `-gateway_interval`. */
export async function gatewayChange(
  artifact: Artifact,
  intervalMs: number,
  repetitions: number,
): Promise<Spread> {
  const staged = await stageLaunch({ double: { START_DELAY: 0 } });
  const times: number[] = [];
  try {
    const running = staged.launch(artifact, ['-gateway_interval', String(intervalMs)]);
    await running.saysOnStderr(UP);
    for (let i = 1; i <= repetitions; i += 1) {
      // At another point of the interval each time.
      await new Promise((resolve) => setTimeout(resolve, (intervalMs * i * 0.37) % intervalMs));
      const changed = now();
      times.push((await macTaken(staged, changeGatewayMac(staged, i), intervalMs + 5000)) - changed);
    }
    await end(running);
  } finally {
    await staged.remove();
  }
  return spreadOf(times);
}
