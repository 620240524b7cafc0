import type { AffinityPlan } from '../affinity/types.ts';
import type { Options } from '../cli/options.ts';
import type { Gateway } from '../gateway/types.ts';
import type { MetricsFile } from '../metrics/file.ts';
import type { Tally } from '../metrics/tally.ts';
import type { Prepared } from '../planning/prepare.ts';
import type { Services } from '../katran/services/types.ts';
import type { Root } from '../linux/root.ts';
import type { Log } from '../log/log.ts';
import type { Progress } from '../terminal/progress.ts';
import type { KatranOutput } from '../katran/output.ts';
import type { KatranEndpoint } from '../katran/endpoint.ts';
import type { Tools } from '../tools/toolbox.ts';
import type { SignalDesk } from './signals.ts';
import type { ServiceManager } from './service-manager.ts';

/** Everything a launch needs, checked and decided; nothing in it is looked up again. */
export interface Launch extends Prepared<Gateway> {
  readonly options: Options;
  readonly interfaceName: string;
  readonly endpoint: KatranEndpoint;
  /** The file to execute. */
  readonly binary: string;
  readonly root: Root;
  readonly tools: Tools;
  readonly log: Log;
  readonly desk: SignalDesk;
  readonly progress: Progress;
  /** Where katran's stdout and stderr go. */
  readonly output: KatranOutput;
  /** Katran's whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly manager: ServiceManager;
  readonly tally: Tally;
  /** The file of `-metrics_file`; undefined without one. */
  readonly metrics: MetricsFile | undefined;
  /** The plan as it would be made now, after vectors have changed. */
  replan(): AffinityPlan;
  /** All of it as it would be prepared now, for another katran that takes over: its plan, and its command with this gateway's MAC. */
  prepareAgain(gateway: Gateway): Prepared<Gateway>;
  /** Tells whether anybody else can have called that katran. */
  otherCallers(pid: number): { mayHaveCalled(): boolean };
  /** The services of the file of `-services`; undefined without one. Throws Failure. */
  servicesOfFile(): Services | undefined;
  /** Ends a katran that is no child of this process (SIGKILL). */
  endProcess(pid: number): void;
  /** Sends a signal to a process, or to a process group (its id, negative); one that is gone is none of its business. */
  signalProcess(id: number, signal: NodeJS.Signals): void;
}
