import { startFallbackWatch } from '../affinity/guard/fallback-watch.ts';
import { guardMode, startGuard } from '../affinity/guard/guard.ts';
import { watchGateway } from '../gateway/watch.ts';
import { hearsRouteMessages } from '../linux/netlink-sockets.ts';
import { openKernelEvents } from '../tools/ip-monitor.ts';
import { recordedTools } from '../tools/toolbox.ts';
import type { KatranServicesClient } from '../katran/calls.ts';
import type { Gateway } from '../gateway/types.ts';
import type { Services } from '../katran/services/types.ts';
import type { KatranProcess } from '../katran/process.ts';
import { flagsOfPlan } from '../planning/plan.ts';
import { readTraffic } from '../katran/services/traffic.ts';
import { CALL_DEADLINE_MS, pushMac } from '../katran/mac-push.ts';
import { lookForProgram } from '../katran/program.ts';
import { watchAnswers } from './answer-watch.ts';
import { watchForwarding } from './forwarding-watch.ts';
import { whyGeneric } from './generic-mode.ts';
import { placeOf } from './program-place.ts';
import { unlessOver } from './readiness.ts';
import { keepServices } from './services-keep.ts';
import { upStatus } from './start.ts';
import type { Launch } from './types.ts';

/** A katran that is of no use as it is and is to be stopped; why is in the log. */
export class Lost {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Of katrans that replace each other, one that does not answer is replaced after this long. */
const REPLACE_AFTER_MS = 20_000;

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
  const { desk, log, root, tools, options, plan, interfaceName, gateway, manager, tally } = launch;
  const since = performance.now();
  const kernelEvents = openKernelEvents({
    // Of another host's files the kernel tells nothing.
    tools: root.live ? tools : recordedTools(root),
    log,
    isListening: (pid) => hearsRouteMessages(root, pid),
  });
  const gatewayWatch = watchGateway({
    events: kernelEvents,
    root,
    tools,
    intf: interfaceName,
    gateway: options.gateway,
    mac: options.default_mac,
    current: gateway,
    intervalMs: options.gateway_interval,
    push: async (mac, signal) => {
      try {
        // A katran that hangs is not waited for once it is to be stopped.
        await unlessOver(pushMac(client, mac), signal);
      } catch (error) {
        if (!signal.aborted) tally.macRefusals += 1;
        throw error;
      }
      tally.macPushes += 1;
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
    onRepaired: () => (tally.guardRepairs += 1),
    events: kernelEvents,
  });
  let lose: (lost: Lost) => void = () => undefined;
  const lost = new Promise<Lost>((resolve) => (lose = resolve));
  const callers = launch.otherCallers(katran.pid);
  const answers = watchAnswers({
    pid: katran.pid,
    intervalMs: options.gateway_interval,
    ask: (deadlineMs) => gatewayWatch.checkMac(() => client.getMac(deadlineMs)),
    mayHaveCalled: () => callers.mayHaveCalled(),
    log,
    timeoutMs:
      replace !== undefined && options.unresponsive_timeout === 0
        ? REPLACE_AFTER_MS
        : options.unresponsive_timeout,
    onUnresponsive: replace ?? ((why) => lose(new Lost(why))),
  });
  const fallback = startFallbackWatch({
    readFallback: async () => {
      try {
        const { v1 } = await client.getLruFallbackStats(CALL_DEADLINE_MS);
        answers.heard();
        return v1;
      } catch (error) {
        // A katran that is quiet is asked for nothing else: it may hang.
        void answers.checkNow();
        throw error;
      }
    },
    root,
    plan,
    vectors: () => guard.vectors(),
    log,
  });
  const { services, keep_services: keeps, handover } = options;
  // Without a file, a katran that dies would take with it what its successor has to be given.
  const keeper =
    keeps || (handover && services === '')
      ? keepServices({ file: keeps ? services : undefined, calls: client, log })
      : undefined;
  const forwarding = watchForwarding({
    pid: katran.pid,
    interfaceName,
    look: () => lookForProgram(placeOf(launch), katran.pid),
    mode: options.forwarding_guard,
    whyGeneric: () => whyGeneric(root, tools, interfaceName),
    log,
    events: kernelEvents,
    inSlot: options.map_path !== '',
    onLost: (why) => lose(new Lost(why)),
  });
  const metrics = launch.metrics?.follow({
    pid: katran.pid,
    traffic: (deadlineMs) => readTraffic(client, deadlineMs),
    gatewaySeenAt: () => gatewayWatch.state.seenAt,
    differences: () => guard.differences(),
    forwarding: () => forwarding.inPlace,
  });
  const gatewayNow = (): Gateway => {
    const { gateway: seen, told } = gatewayWatch.state;
    return { ...seen, mac: told ?? seen.mac };
  };
  const listen = (): void => {
    desk.onLook(() => {
      void gatewayWatch.checkNow();
      guard.checkNow();
      void forwarding.checkNow();
      void answers.checkNow();
      void keeper?.checkNow();
      void metrics?.checkNow();
    });
    desk.describe(() => {
      const { state } = gatewayWatch;
      const seconds = Math.round((performance.now() - since) / 1000);
      const mac = state.told ?? `not ${state.gateway.mac} yet`;
      return `katran (pid ${katran.pid}) is up for ${seconds} s, MAC ${mac}, gateway ${state.gateway.address ?? '?'} on ${state.gateway.interface}, affinity guard ${guardMode(options.guard, plan)}`;
    });
  };
  manager.watch();
  listen();
  return {
    stopRequested: new Promise((resolve) => {
      const done = (): void => resolve(undefined);
      if (desk.stop.aborted) done();
      else desk.stop.addEventListener('abort', done, { once: true });
    }),
    lost,
    attend: () => {
      listen();
      manager.status(upStatus(katran, gatewayNow().mac));
    },
    gateway: gatewayNow,
    services: () => keeper?.last(),
    stop: async (because) => {
      desk.onLook(() => log.info('already stopping'));
      guard.stop();
      fallback.stop();
      metrics?.stop();
      answers.stop();
      // Before anything is waited for: a call that ends because its client is closed is no trouble of katran's.
      const quiet = because === 'died' ? keeper?.stop() : undefined;
      await Promise.all([gatewayWatch.stop(), forwarding.stop(), kernelEvents.close(), quiet]);
      if (because === 'asked') await keeper?.finish();
    },
  };
}
