import { addAbortListener } from 'node:events';
import { guardMode } from '../affinity/guard/guard.ts';
import type { Gateway } from '../gateway/types.ts';
import type { KatranServicesClient } from '../katran/calls.ts';
import type { KatranProcess } from '../katran/process.ts';
import type { Services } from '../katran/services/types.ts';
import { upStatus } from './start.ts';
import type { Launch } from './types.ts';
import { startWatches } from './watches.ts';

/** A katran that is of no use as it is and is to be stopped; why is in the log. */
export class Lost {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** What looks after a running katran. */
export interface Watched {
  /** Fulfilled when a signal asks to stop. */
  readonly stopRequested: Promise<undefined>;
  /** Fulfilled when katran is to be stopped because it is of no use as it is. */
  readonly lost: Promise<Lost>;
  /** Answers SIGHUP and SIGUSR1 and tells the service manager of this katran, again after another one's start or end has. */
  attend(): void;
  /** The gateway with the MAC that katran was last told. */
  gateway(): Gateway;
  /** What was last read of katran's services; undefined where they are not looked at. */
  services(): Services | undefined;
  /**
   * Ends all watching; nothing is sent to katran after it. A katran that is to be stopped is asked once more for its services, one that
   * has died is not.
   */
  stop(because: 'asked' | 'died'): Promise<void>;
}

/**
 * Watches gateway, affinity, fallback table, program and answers of a katran that is up, and answers SIGHUP and SIGUSR1. `replace` is
 * called for one that does not answer, where another can take over.
 */
export function supervise(
  launch: Launch,
  katran: KatranProcess,
  client: KatranServicesClient,
  replace?: () => void,
): Watched {
  const { desk, log, options, plan, manager } = launch;
  const since = performance.now();
  let lose: (lost: Lost) => void = () => undefined;
  const lost = new Promise<Lost>((resolve) => (lose = resolve));
  const watches = startWatches(launch, katran, client, { replace, onLost: (why) => lose(new Lost(why)) });
  const gatewayNow = (): Gateway => {
    const { gateway: seen, told } = watches.gateway.state;
    return { ...seen, mac: told ?? seen.mac };
  };
  const listen = (): void => {
    desk.onLook(() => watches.checkNow());
    desk.describe(() => {
      const { state } = watches.gateway;
      const seconds = Math.round((performance.now() - since) / 1000);
      const mac = state.told ?? `not ${state.gateway.mac} yet`;
      return `katran (pid ${katran.pid}) is up for ${seconds} s, MAC ${mac}, gateway ${state.gateway.address ?? '?'} on ${state.gateway.interface}, affinity guard ${guardMode(options.guard, plan)}`;
    });
  };
  manager.watch();
  listen();
  return {
    stopRequested: new Promise((resolve) => void addAbortListener(desk.stop, () => resolve(undefined))),
    lost,
    attend: () => {
      listen();
      manager.status(upStatus(katran, gatewayNow().mac));
    },
    gateway: gatewayNow,
    services: () => watches.keeper?.last(),
    stop: (because) => {
      desk.onLook(() => log.info('already stopping'));
      return watches.stop(because);
    },
  };
}
