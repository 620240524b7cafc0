import type { AffinityPlan } from '../affinity/types.ts';
import type { Options } from '../cli/options.ts';
import { Failure, UsageError } from '../failure.ts';
import { dialTarget } from './dial-target.ts';
import { gflagValue } from './gflags.ts';

type Told = Pick<
  Options,
  | 'balancer_bpf'
  | 'intf'
  | 'enable_hc'
  | 'map_path'
  | 'map_pos'
  | 'handover'
  | 'ipip_intf'
  | 'ipip6_intf'
  | 'priority'
  | 'lru_size'
  | 'shutdown_delay'
  | 'hc_bpf'
  | 'hc_intf'
  | 'server'
  | 'katranArguments'
>;

/**
 * katran's arguments without `-default_mac`, one element of argv each, in the order operators' scripts know.
 * The names are those of katran_server_grpc's flag list.
 */
export function katranArguments(
  options: Told,
  plan: Pick<AffinityPlan, 'interface' | 'forwardingCores' | 'numaNodes'>,
): string[] {
  return [
    `-balancer_prog=${options.balancer_bpf}`,
    `-intf=${plan.interface}`,
    `-hc_forwarding=${options.enable_hc}`,
    `-map_path=${options.map_path}`,
    // With -handover every katran is started in the staging slot, one behind the active one.
    `-prog_pos=${options.handover ? options.map_pos + 1 : options.map_pos}`,
    `-ipip_intf=${options.ipip_intf}`,
    `-ipip6_intf=${options.ipip6_intf}`,
    `-priority=${options.priority}`,
    `-lru_size=${options.lru_size}`,
    `-shutdown_delay=${options.shutdown_delay}`,
    ...(options.enable_hc ? [`-healthchecker_prog=${options.hc_bpf}`] : []),
    `-forwarding_cores=${plan.forwardingCores.join(',')}`,
    `-numa_nodes=${plan.numaNodes.join(',')}`,
    ...(options.hc_intf === undefined ? [] : [`-hc_intf=${options.hc_intf}`]),
    ...(options.server === undefined ? [] : [`-server=${options.server}`]),
    ...options.katranArguments,
  ];
}

/** The argument that the launch adds last. */
export function defaultMacArgument(mac: string): string {
  return `-default_mac=${mac}`;
}

/** What decides in which slot katran puts its program, and the launcher's flag for it. */
const SLOT_FLAGS = { prog_pos: '-map_pos', map_path: '-map_path' } as const;

/** A katran in a slot that the launcher does not know could take all packets, and keep them after it was given up. Throws UsageError. */
function requireOurSlot({ handover, katranArguments: given }: Pick<Options, 'handover' | 'katranArguments'>) {
  if (!handover) return;
  for (const [name, ours] of Object.entries(SLOT_FLAGS))
    if (gflagValue(given, name) !== undefined)
      throw new UsageError(
        `-${name} after -- cannot go together with -handover, which changes katran's slots itself: give ${ours} before --`,
      );
}

/**
 * The options with katran's last word: what follows `--` comes after the launcher's own arguments, and of several katran
 * takes the last, so that is where the launcher must look for it and how long it must wait for its end. Throws Failure for
 * a server that cannot be dialled, UsageError for a slot of its own with -handover.
 */
export function effectiveKatranOptions<
  T extends Pick<Options, 'server' | 'shutdown_delay' | 'katranArguments' | 'handover'>,
>(options: T): T {
  requireOurSlot(options);
  const server = gflagValue(options.katranArguments, 'server');
  if (server?.startsWith('unix:') === true) {
    throw new Failure(`cannot follow katran to '${server}', given after --`, {
      remedy: 'give -server as HOST:PORT',
    });
  }
  if (server !== undefined) dialTarget(server);
  const delay = gflagValue(options.katranArguments, 'shutdown_delay')?.trim();
  // Of anything else katran says that it is no number, and ends.
  const readable = delay !== undefined && /^(?:\d+|0x[0-9a-f]+)$/i.test(delay);
  return {
    ...options,
    ...(server === undefined ? {} : { server }),
    ...(readable ? { shutdown_delay: Number(delay) } : {}),
  };
}
