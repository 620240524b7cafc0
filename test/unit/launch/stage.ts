import fs from 'node:fs';
import { parseInvocation } from '../../../src/cli/options.ts';
import { katranEndpoint } from '../../../src/katran/endpoint.ts';
import { INHERITED_OUTPUT } from '../../../src/katran/output.ts';
import { launchKatran } from '../../../src/launch/launch.ts';
import type { LaunchParts } from '../../../src/launch/start.ts';
import type { ServiceManager } from '../../../src/launch/service-manager.ts';
import { SignalDesk } from '../../../src/launch/signals.ts';
import type { Launch } from '../../../src/launch/types.ts';
import { Tally } from '../../../src/metrics/tally.ts';
import { openRoot } from '../../../src/linux/root.ts';
import { planForInterface } from '../../../src/planning/plan.ts';
import { freePort } from '../../support/free-port.ts';
import { copyMachine } from '../../support/machines.ts';
import { NO_TOOLS } from '../../support/tools.ts';
import { DONE, KatranStandIn, keepingLog, ProcessStandIn, Signals } from './stand-ins.ts';

export const MAC = '96:a3:21:a5:07:cb';

/** A launch of this process's own: a plan of a recorded machine, and a katran that does as the test says. */
export class Stage {
  readonly sysroot = copyMachine('8-2-mixed');
  readonly log = keepingLog();
  readonly signals = new Signals();
  readonly desk = new SignalDesk(this.signals, this.log);
  readonly katran = new ProcessStandIn(DONE);
  readonly client = new KatranStandIn();
  readonly told: string[] = [];
  parts: Partial<LaunchParts> = {};
  calledByOthers = true;

  /** A launch with these flags more, prepared and not begun. */
  async prepare(...flags: string[]): Promise<Launch> {
    const server = `127.0.0.1:${await freePort()}`;
    const words = ['-run', '-sysroot', this.sysroot, '-intf', 'eth0', '-server', server];
    const { options } = parsed([...words, '-shutdown_delay', '0', ...flags]);
    const root = openRoot(this.sysroot);
    const plan = planForInterface(options, root, 'eth0');
    return {
      options,
      interfaceName: 'eth0',
      plan,
      gateway: { address: '10.77.0.1', mac: MAC, interface: 'eth0', family: 4, reason: '', warnings: [] },
      warnings: [],
      endpoint: katranEndpoint(options),
      binary: '/nowhere/katran_server_grpc',
      command: ['katran_server_grpc', '-a=b'],
      root,
      tools: NO_TOOLS,
      log: this.log,
      desk: this.desk,
      progress: {
        shown: false,
        begin: () => undefined,
        say: () => undefined,
        end: () => undefined,
        during: (_what, action) => action(),
      },
      output: INHERITED_OUTPUT,
      environment: {},
      manager: this.#manager(),
      tally: new Tally(),
      metrics: undefined,
      replan: () => plan,
      prepareAgain: () => {
        throw new Error('nothing is handed over here');
      },
      otherCallers: () => ({ mayHaveCalled: () => this.calledByOthers }),
      servicesOfFile: () => undefined,
      endProcess: () => undefined,
      signalProcess: () => undefined,
    };
  }

  /** Launches, and gives the exit status. */
  async launch(...flags: string[]): Promise<number> {
    return await launchKatran(await this.prepare('-default_mac', MAC, ...flags), {
      startKatran: () => Promise.resolve(this.katran),
      openClient: () => Promise.resolve(this.client),
      openClientOf: () => Promise.resolve(this.client),
      isListening: () => true,
      programsOf: () => [],
      tcProgramsOf: () => [],
      ...this.parts,
    });
  }

  /** Until a line of the log, or what the service manager is told, matches. */
  async says(pattern: RegExp): Promise<void> {
    while (![...this.log.lines, ...this.told].some((line) => pattern.test(line)))
      await new Promise((resolve) => setImmediate(resolve));
  }

  remove(): void {
    this.desk.close();
    fs.rmSync(this.sysroot, { recursive: true });
  }

  #manager(): ServiceManager {
    return {
      status: (text) => void this.told.push(`status ${text}`),
      ready: (text) => void this.told.push(`ready ${text}`),
      stopping: (text) => void this.told.push(`stopping ${text}`),
      failed: (why) => void this.told.push(`failed ${why}`),
      watch: () => void this.told.push('watch'),
      close: () => Promise.resolve(),
    };
  }
}

function parsed(words: string[]) {
  const invocation = parseInvocation(words, {});
  if (invocation.kind !== 'launch') throw new Error(`not a launch but ${invocation.kind}`);
  return invocation;
}
