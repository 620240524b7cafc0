import fs from 'node:fs';
import path from 'node:path';
import { type Artifact, Running, type RunOptions, scratch } from '../../support/launcher.ts';
import type { JournalEvent } from '../../support/katran-double/index.ts';
import { stageLaunch, type StagedLaunch } from '../../support/staged-launch.ts';
import type { Fault } from './fault.ts';
import { processesWith } from './processes.ts';

/** One launch of one fault: its machine, its katran double, its launcher, and directories in which nothing may be left. */
export class Scene {
  readonly #scratch = scratch('start-katran-fault-');
  readonly #releases: (() => unknown)[] = [];
  #launcher: Running | undefined;

  private constructor(
    readonly artifact: Artifact,
    readonly staged: StagedLaunch,
  ) {
    fs.mkdirSync(this.cwd);
    fs.mkdirSync(this.tmp);
  }

  static async open(artifact: Artifact, double: Fault['double'] = {}): Promise<Scene> {
    // A healthy start is not the subject here: without a delay of its own the suite is quicker.
    return new Scene(artifact, await stageLaunch({ double: { START_DELAY: 0, ...double } }));
  }

  /** The launcher's working directory. */
  get cwd(): string {
    return path.join(this.#scratch.path, 'cwd');
  }

  /** Its TMPDIR. */
  get tmp(): string {
    return path.join(this.#scratch.path, 'tmp');
  }

  /** A path for the test's own files. */
  file(name: string): string {
    return path.join(this.#scratch.path, name);
  }

  get launcher(): Running {
    if (this.#launcher === undefined) throw new Error('the launcher has not been started yet');
    return this.#launcher;
  }

  start(flags: readonly string[], options: RunOptions = {}): Running {
    this.#launcher = this.another(flags, options);
    return this.#launcher;
  }

  /** A launcher beside the main one, on the same port. */
  another(flags: readonly string[] = [], options: RunOptions = {}, artifact = this.artifact): Running {
    return this.staged.launch(artifact, flags, {
      cwd: this.cwd,
      ...options,
      env: { TMPDIR: this.tmp, ...options.env },
    });
  }

  /** The double's event, now or later. */
  katranDid(event: string, matches?: (event: JournalEvent) => boolean): Promise<JournalEvent> {
    return this.staged.stage.waitFor(event, matches, 30_000);
  }

  async katranPid(): Promise<number> {
    return (await this.katranDid('start')).pid;
  }

  isUp(): Promise<unknown> {
    return this.launcher.isUp();
  }

  /** The MACs katran was given by changeMac, in order. */
  macsGiven(): string[] {
    return this.staged.stage
      .journal()
      .filter(({ event }) => event === 'changeMac')
      .map(({ given }) => String(given));
  }

  /** Something of the test's own that is undone before it is looked at what the launcher left. */
  onRelease(release: () => unknown): void {
    this.#releases.push(release);
  }

  async release(): Promise<void> {
    for (const release of this.#releases.splice(0).reverse()) await release();
  }

  /** Pids of the launchers, katrans and their children that still exist. */
  processes(): number[] {
    return processesWith(this.staged.stage.directory);
  }

  async remove(): Promise<void> {
    for (const pid of this.processes()) killed(pid);
    await this.release();
    await this.staged.remove();
    this.#scratch.remove();
  }
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
