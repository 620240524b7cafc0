import fs from 'node:fs';
import { spreadOf, type Spread } from './spread.ts';

/** A command to measure as a whole process, or a group of them that belongs together. */
export interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  /** Makes the ground as it was before each run; not measured. */
  readonly before?: () => void;
}

/** What a process cost. Wall and CPU in ms; memory, the peak of resident pages, in MiB. */
export interface Cost {
  readonly wall: Spread;
  readonly cpu: Spread;
  readonly memory: number;
}

const SURROUNDINGS = {
  stdin: 'ignore',
  stdout: 'ignore',
  stderr: 'ignore',
  env: { PATH: process.env.PATH },
} as const;
const WARM_UP = 2;

function runOnce({ name, command, before }: Subject): { wall: number; cpu: number } {
  before?.();
  const begun = performance.now();
  const { exitCode, resourceUsage } = Bun.spawnSync(command, SURROUNDINGS);
  const wall = performance.now() - begun;
  if (exitCode !== 0) throw new Error(`${name}: '${command.join(' ')}' ended with ${String(exitCode)}`);
  return { wall, cpu: Number(resourceUsage.cpuTime.total) / 1000 };
}

/**
 * The peak of resident memory: VmHWM, read again and again until the process is gone. Not ru_maxrss of wait4(2), which
 * counts what the parent had before the exec.
 */
async function peakOnce({ command, before }: Subject): Promise<number> {
  before?.();
  const own = fs.readFileSync('/proc/self/comm', 'utf8').trim();
  const child = Bun.spawn(command, SURROUNDINGS);
  let peak = 0;
  for (;;) {
    let status: string;
    try {
      status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
    } catch {
      break;
    }
    const kibibytes = /^VmHWM:\s+(\d+)/m.exec(status)?.[1];
    if (kibibytes === undefined) break;
    if (!status.startsWith(`Name:\t${own}\n`)) peak = Math.max(peak, Number(kibibytes) / 1024);
  }
  await child.exited;
  return peak;
}

/** Measures the subjects in turns (A B C A B C …), so that what else the machine does meets all of them alike. */
export async function measure(
  subjects: readonly Subject[],
  repetitions: number,
): Promise<ReadonlyMap<string, Cost>> {
  const walls = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  const cpus = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let i = 0; i < WARM_UP + repetitions; i += 1) {
    for (const subject of subjects) {
      const { wall, cpu } = runOnce(subject);
      if (i < WARM_UP) continue;
      walls.get(subject)?.push(wall);
      cpus.get(subject)?.push(cpu);
    }
  }
  const costs = new Map<string, Cost>();
  for (const subject of subjects) {
    let memory = 0;
    for (let i = 0; i < 8; i += 1) memory = Math.max(memory, await peakOnce(subject));
    costs.set(subject.name, {
      wall: spreadOf(walls.get(subject) ?? []),
      cpu: spreadOf(cpus.get(subject) ?? []),
      memory,
    });
  }
  return costs;
}
