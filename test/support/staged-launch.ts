import fs from 'node:fs';
import path from 'node:path';
import { Running, type Artifact, type Ended, type RunOptions } from './launcher.ts';
import { copyMachine } from './machines.ts';
import { freePort } from './free-port.ts';
import { buildKatranDouble, makeStage, type Settings, type Stage } from './katran-double/index.ts';

/** A recorded machine, a katran double and a free port: everything a launch needs, nothing of this host. */
export interface StagedLaunch {
  readonly stage: Stage;
  readonly sysroot: string;
  readonly port: number;
  /** `-sysroot … -intf … -binary … -balancer_bpf … -server … -shutdown_delay 0`, without -run. */
  readonly flags: readonly string[];
  /** Starts the launcher with the flags, -run and more arguments. */
  launch(artifact: Artifact, more?: readonly string[], options?: RunOptions): Running;
  /** The same to its end. */
  run(artifact: Artifact, more?: readonly string[], options?: RunOptions): Promise<Ended>;
  /** smp_affinity of an IRQ of the machine, trimmed. */
  mask(irq: number): string;
  /** Every smp_affinity of the machine, by IRQ. */
  masks(): Record<string, string>;
  writeKernelFile(file: string, text: string): void;
  /** Ends what still runs and removes all files. */
  remove(): Promise<void>;
}

export interface StageOptions {
  readonly machine?: string;
  readonly intf?: string;
  readonly double?: Settings;
}

export async function stageLaunch({
  machine = '8-2-mixed',
  intf = 'eth0',
  double = {},
}: StageOptions = {}): Promise<StagedLaunch> {
  const stage = makeStage({ INTERFACES: intf, ...double });
  const sysroot = copyMachine(machine);
  const port = await freePort();
  const running: Running[] = [];
  const flags = [
    ['-sysroot', sysroot],
    ['-intf', intf],
    ['-binary', buildKatranDouble()],
    ['-balancer_bpf', stage.bpfObject],
    ['-server', `127.0.0.1:${port}`],
    ['-shutdown_delay', '0'],
  ].flat();
  const mask = (irq: number | string): string =>
    fs.readFileSync(path.join(sysroot, `proc/irq/${irq}/smp_affinity`), 'utf8').trim();
  const launch: StagedLaunch['launch'] = (artifact, more = [], options = {}) => {
    const started = new Running(artifact, [...flags, '-run', ...more], {
      ...options,
      env: { ...stage.env, ...options.env },
    });
    running.push(started);
    return started;
  };
  return {
    stage,
    sysroot,
    port,
    flags,
    launch,
    run: (...args) => launch(...args).ended,
    mask,
    masks: () => {
      const folder = path.join(sysroot, 'proc/irq');
      const irqs = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
      const present = irqs.filter((irq) => fs.existsSync(path.join(folder, irq, 'smp_affinity')));
      return Object.fromEntries(present.map((irq) => [irq, mask(irq)]));
    },
    writeKernelFile: (file, text) => fs.writeFileSync(path.join(sysroot, file), text),
    remove: async () => {
      for (const launcher of running) launcher.kill('SIGTERM');
      await Promise.all(running.map((launcher) => launcher.ended));
      stage.remove();
      fs.rmSync(sysroot, { recursive: true, force: true });
    },
  };
}
