import { mismatchWarning } from '../affinity/mismatch-warning.ts';
import type { AffinityPlan } from '../affinity/types.ts';
import type { Options } from '../cli/options.ts';
import { Failure, type Warning } from '../failure.ts';
import { resolveGateway } from '../gateway/resolve.ts';
import type { Gateway } from '../gateway/types.ts';
import { defaultMacArgument, katranArguments } from '../katran/arguments.ts';
import { binaryName } from '../katran/binary.ts';
import type { Task } from './task.ts';

/** A launch that is decided: the preview prints it, `-json` serialises it, the launch runs it. */
export interface Prepared<G extends Gateway | null = Gateway | null> {
  readonly plan: AffinityPlan;
  /** Null when it is not known; a warning says why. */
  readonly gateway: G;
  /** Full argv, argv[0] first, -default_mac last when the gateway is known. */
  readonly command: readonly string[];
  readonly warnings: readonly Warning[];
}

/**
 * The gateway of the interface, waited for as long as the flags say. Throws Failure when it stays unknown, and the signal's
 * reason as soon as it aborts.
 */
export function findGateway(
  { options, root, tools, log }: Pick<Task, 'options' | 'root' | 'tools' | 'log'>,
  interfaceName: string,
  signal: AbortSignal,
): Promise<Gateway> {
  return resolveGateway({
    root,
    tools,
    intf: interfaceName,
    gateway: options.gateway,
    mac: options.default_mac,
    // After the masks are written at boot, nobody waits for a gateway: what the tables say now has to do.
    timeoutMs: options.affinitize_only ? 0 : options.gateway_timeout,
    log,
    signal,
  });
}

/** Puts together what is shown or run from a plan and its gateway, or from the reason why there is no gateway. */
export function prepare(options: Options, plan: AffinityPlan, gateway: Gateway): Prepared<Gateway>;
export function prepare(options: Options, plan: AffinityPlan, gateway: Gateway | Failure): Prepared;
export function prepare(options: Options, plan: AffinityPlan, found: Gateway | Failure): Prepared {
  const gateway = found instanceof Failure ? null : found;
  return {
    plan,
    gateway,
    command: [
      binaryName(options),
      ...katranArguments(options, plan),
      ...(gateway === null ? [] : [defaultMacArgument(gateway.mac)]),
    ],
    warnings: [
      ...plan.warnings,
      ...(found instanceof Failure ? [{ code: 'gateway-unknown', message: found.message }] : found.warnings),
      // Where masks are written, and where katran is not to be started, a difference is none.
      ...(options.run && !options.affinitize ? mismatchWarning(plan) : []),
    ],
  };
}

/** The arguments as operators' scripts know them: without argv[0] and without -default_mac. */
export function argumentLine({ command, gateway }: Prepared): readonly string[] {
  return command.slice(1, gateway === null ? undefined : -1);
}
