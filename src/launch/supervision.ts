import { startFallbackWatch } from '../affinity/guard/fallback-watch.ts';
import { guardMode, startGuard } from '../affinity/guard/guard.ts';
import { watchGateway } from '../gateway/watch.ts';
import { hearsRouteMessages } from '../linux/netlink-sockets.ts';
import { openKernelEvents } from '../tools/ip-monitor.ts';
import type { KatranClient } from '../katran/call-error.ts';
import type { KatranProcess } from '../katran/process.ts';
import { flagsOfPlan } from '../planning/plan.ts';
import { CALL_DEADLINE_MS, pushMac } from '../katran/mac-push.ts';
import type { Launch } from './types.ts';

/** What looks after a running katran. */
export interface Watched {
  /** Fulfilled when a signal asks to stop. */
  readonly stopRequested: Promise<undefined>;
  /** Ends all watching; nothing is sent to katran after it. */
  stop(): Promise<void>;
}

/** What a service manager shows of a katran that is up. */
export function upStatus({ pid }: KatranProcess, mac: string): string {
  return `katran (pid ${pid}) is up with MAC ${mac}`;
}

/** Watches gateway, affinity and fallback table of a katran that is up, and answers SIGHUP and SIGUSR1. */
export function supervise(launch: Launch, katran: KatranProcess, client: KatranClient): Watched {
  const { desk, log, root, tools, options, plan, interfaceName, gateway, manager } = launch;
  const since = performance.now();
  const kernelEvents = openKernelEvents({ tools, log, isListening: (pid) => hearsRouteMessages(root, pid) });
  const gatewayWatch = watchGateway({
    events: kernelEvents,
    root,
    tools,
    intf: interfaceName,
    gateway: options.gateway,
    mac: options.default_mac,
    current: gateway,
    intervalMs: options.gateway_interval,
    push: async (mac) => {
      await pushMac(client, mac);
      manager.status(upStatus(katran, mac));
    },
    log,
  });
  const guard = startGuard({
    root,
    plan,
    mode: options.guard,
    log,
    replan: () => launch.replan(),
    coresGiven: plan.forwardingCores,
    planFlags: flagsOfPlan(options, root, interfaceName),
    planWritten: options.affinitize,
  });
  const fallback = startFallbackWatch({
    readFallback: async () => (await client.getLruFallbackStats(CALL_DEADLINE_MS)).v1,
    root,
    plan,
    vectors: () => guard.vectors(),
    log,
  });
  manager.watch((deadlineMs) => client.getMac(deadlineMs));
  desk.onLook(() => {
    void gatewayWatch.checkNow();
    guard.checkNow();
  });
  desk.describe(() => {
    const { state } = gatewayWatch;
    const seconds = Math.round((performance.now() - since) / 1000);
    const mac = state.told ?? `not ${state.gateway.mac} yet`;
    return `katran (pid ${katran.pid}) is up for ${seconds} s, MAC ${mac}, gateway ${state.gateway.address ?? '?'} on ${state.gateway.interface}, affinity guard ${guardMode(options.guard, plan)}`;
  });
  return {
    stopRequested: new Promise((resolve) => {
      const done = (): void => resolve(undefined);
      if (desk.stop.aborted) done();
      else desk.stop.addEventListener('abort', done, { once: true });
    }),
    stop: async () => {
      desk.onLook(() => log.info('already stopping'));
      guard.stop();
      fallback.stop();
      await Promise.all([gatewayWatch.stop(), kernelEvents.close()]);
    },
  };
}
