import {
  attachPass,
  attachRoot,
  buildKatranDouble,
  type Double,
  makeBpfDirectory,
  makeStage,
  type RootArray,
  type Settings,
  startDouble,
} from '../../support/katran-double/index.ts';
import type { Artifact, Running } from '../../support/launcher.ts';
import { LoadBalancer } from '../../support/load-balancer.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { DEVICE, ROUTER_DEVICE, SERVER } from '../../support/wire.ts';

/** A load balancer with the double in katran's place, and BPF programs of its own. */
export class DoubleBalancer extends LoadBalancer {
  readonly directory = makeBpfDirectory();
  /** Of the doubles that launchers start. */
  readonly stage = makeStage({ START_DELAY: 0, REAL_XDP: 1 });
  readonly #doubles: Double[] = [];
  #root: RootArray | undefined;

  constructor() {
    super();
    attachPass(this.router, ROUTER_DEVICE, this.directory);
  }

  /** Attaches the root program: from now on launchers start katran in shared mode. */
  share(): void {
    this.#root = attachRoot(this.host, DEVICE, this.directory);
  }

  get root(): RootArray {
    if (this.#root === undefined) throw new Error('share() comes first');
    return this.#root;
  }

  override slots(): Readonly<Record<number, number>> {
    return this.#root?.slots() ?? {};
  }

  override get flags(): readonly string[] {
    return [
      ['-intf', DEVICE, '-binary', buildKatranDouble(), '-balancer_bpf', this.stage.bpfObject],
      ['-server', SERVER, '-forwarding_cores', '0-1', '-lru_size', '1000', '-shutdown_delay', '100'],
      ['-start_timeout', String(PATIENCE_MS)],
      this.#root === undefined ? [] : ['-map_path', this.#root.path, '-map_pos', '1'],
    ].flat();
  }

  override launch(more?: readonly string[], artifact?: Artifact): Running {
    return super.launch(more, artifact, this.stage.env);
  }

  /** Starts a double without a launcher, and does not wait for it. */
  async beginKatran(args: readonly string[] = [], settings: Settings = {}): Promise<Double> {
    const double = await startDouble({
      namespace: this.host,
      address: SERVER,
      args: [`-intf=${DEVICE}`, '-shutdown_delay=100', ...args],
      settings: { REAL_XDP: 1, INTERFACES: '', ...settings },
    });
    this.#doubles.push(double);
    return double;
  }

  /** The same; fulfilled when it listens. */
  async startKatran(...words: Parameters<DoubleBalancer['beginKatran']>): Promise<Double> {
    const double = await this.beginKatran(...words);
    await double.stage.waitFor('listening');
    return double;
  }

  override async remove(): Promise<void> {
    await this.quiet();
    await Promise.all(this.#doubles.map((double) => double.remove()));
    this.directory.remove();
    await super.remove();
    this.stage.remove();
  }
}
