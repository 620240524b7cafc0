import { xdpProgramsOf } from './kernel-view.ts';
import { type Artifact, BINARY, type Ended, Running } from './launcher.ts';
import { DEVICE, Wire } from './wire.ts';

/** A wire on which the test starts launchers, and katran through them. */
export abstract class LoadBalancer extends Wire {
  readonly #launchers: Running[] = [];

  /** The flags of every launch here, without `-run`. */
  abstract get flags(): readonly string[];

  /** Program ids by slot of the root array; none without one. */
  abstract slots(): Readonly<Record<number, number>>;

  /** Starts the launcher with the flags, -run and more; of a flag given twice the last counts. */
  launch(
    more: readonly string[] = [],
    artifact: Artifact = BINARY,
    env: Readonly<Record<string, string>> = {},
  ): Running {
    return this.#start(artifact, [...this.flags, '-run', ...more], env);
  }

  /** The same, until katran is up. */
  async up(...words: Parameters<LoadBalancer['launch']>): Promise<Running> {
    const launcher = this.launch(...words);
    await launcher.isUp();
    return launcher;
  }

  /** Runs a command of the launcher to its end. */
  command(words: readonly string[], artifact: Artifact = BINARY): Promise<Ended> {
    return this.#start(artifact, words).ended;
  }

  status(): Promise<Ended> {
    return this.command(['status', '-intf', DEVICE]);
  }

  #start(artifact: Artifact, words: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const launcher = new Running(artifact, words, { within: this.within, env });
    this.#launchers.push(launcher);
    return launcher;
  }

  /** The one katran there is. */
  katran(): number {
    const [katran, ...others] = this.katrans();
    if (katran === undefined || others.length > 0)
      throw new Error(`one katran, not ${JSON.stringify(this.katrans())}`);
    return katran.pid;
  }

  /** The XDP program of a katran; of the one there is, if none is named. */
  programOf(pid = this.katran()): number {
    const program = this.programIfAny(pid);
    if (program === undefined) throw new Error(`katran ${pid} has no XDP program`);
    return program;
  }

  /** The same; undefined while it has none. */
  programIfAny(pid: number): number | undefined {
    return xdpProgramsOf(pid)[0];
  }

  /** Kills all that runs here. */
  protected override async quiet(): Promise<void> {
    await super.quiet();
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    await Promise.all(this.#launchers.map(({ ended }) => ended));
  }
}
