import { startFallbackWatch } from '../affinity/guard/fallback-watch.ts';
import { startGuard } from '../affinity/guard/guard.ts';
import { watchGateway, type GatewayWatch } from '../gateway/watch.ts';
import type { KatranServicesClient } from '../katran/calls.ts';
import { CALL_DEADLINE_MS, pushMac } from '../katran/mac-push.ts';
import type { KatranProcess } from '../katran/process.ts';
import { lookForProgram } from '../katran/program.ts';
import { readTraffic } from '../katran/services/traffic.ts';
import { hearsRouteMessages } from '../linux/netlink-sockets.ts';
import { flagsOfPlan } from '../planning/plan.ts';
import { openKernelEvents } from '../tools/ip-monitor.ts';
import { recordedTools } from '../tools/toolbox.ts';
import { watchAnswers } from './answer-watch.ts';
import { watchForwarding } from './forwarding-watch.ts';
import { whyGeneric } from './generic-mode.ts';
import { placeOf } from './program-place.ts';
import { unlessOver } from './readiness.ts';
import { keepServices, type ServicesKeeper } from './services-keep.ts';
import { upStatus } from './start.ts';
import type { Launch } from './types.ts';

/** Of katrans that replace each other, one that does not answer is replaced after this long. */
const REPLACE_AFTER_MS = 20_000;

/** Looks after one thing of a running katran, by itself and when told to. */
export interface Watch {
  checkNow(): Promise<void> | void;
  /** Nothing is looked at, said or sent after this. */
  stop(): Promise<void> | void;
}

/** All that looks after a running katran. */
export interface Watches {
  readonly gateway: GatewayWatch;
  /** Undefined where katran's services are not looked at. */
  readonly keeper: ServicesKeeper | undefined;
  /** Every one of them looks now. */
  checkNow(): void;
  /** All end. A katran that is to be stopped is asked once more for its services, one that has died is not. */
  stop(because: 'asked' | 'died'): Promise<void>;
}

/** What the watches lead to. */
export interface Consequences {
  /** Called for a katran that does not answer, where another can take over. */
  readonly replace: (() => void) | undefined;
  /** Called for one that is of no use as it is. */
  readonly onLost: (why: string) => void;
}

/** Starts them for a katran that is up. */
export function startWatches(
  launch: Launch,
  katran: KatranProcess,
  client: KatranServicesClient,
  { replace, onLost }: Consequences,
): Watches {
  const { log, root, tools, options, plan, interfaceName, manager, tally } = launch;
  const kernelEvents = openKernelEvents({
    // Of another host's files the kernel tells nothing.
    tools: root.live ? tools : recordedTools(root),
    log,
    isListening: (pid) => hearsRouteMessages(root, pid),
  });
  const gateway = watchGateway({
    events: kernelEvents,
    root,
    tools,
    intf: interfaceName,
    gateway: options.gateway,
    mac: options.default_mac,
    current: launch.gateway,
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
  const callers = launch.otherCallers(katran.pid);
  const answers = watchAnswers({
    pid: katran.pid,
    intervalMs: options.gateway_interval,
    ask: (deadlineMs) => gateway.checkMac(() => client.getMac(deadlineMs)),
    mayHaveCalled: () => callers.mayHaveCalled(),
    log,
    timeoutMs:
      replace !== undefined && options.unresponsive_timeout === 0
        ? REPLACE_AFTER_MS
        : options.unresponsive_timeout,
    onUnresponsive: replace ?? onLost,
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
    onLost,
  });
  const metrics = launch.metrics?.follow({
    pid: katran.pid,
    traffic: (deadlineMs) => readTraffic(client, deadlineMs),
    gatewaySeenAt: () => gateway.state.seenAt,
    differences: () => guard.differences(),
    forwarding: () => forwarding.inPlace,
  });
  // The fallback table is not among them: its rate is measured at a pace of its own.
  const looking: readonly Watch[] = [gateway, guard, forwarding, answers, keeper, metrics].filter(
    (watch) => watch !== undefined,
  );
  return {
    gateway,
    keeper,
    checkNow: () => {
      for (const watch of looking) void watch.checkNow();
    },
    stop: async (because) => {
      // A keeper that is asked once more ends by that.
      const ended = because === 'asked' ? looking.filter((watch) => watch !== keeper) : looking;
      // Before anything is waited for: a call that ends because its client is closed is no trouble of katran's.
      await Promise.all([...[...ended, fallback].map((watch) => watch.stop()), kernelEvents.close()]);
      if (because === 'asked') await keeper?.finish();
    },
  };
}
