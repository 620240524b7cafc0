import { STRATEGIES } from '../affinity/types.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../log/log.ts';
import type { CommandName, FlagOwner } from './commands.ts';
import * as type from './value-types.ts';
import type { ValueType } from './value-types.ts';

export const GROUPS = {
  what: 'What is done',
  katran: 'What katran is told',
  affinity: 'Interrupt affinity',
  gateway: 'Gateway',
  launch: 'Launch and supervision',
  services: 'Services',
  output: 'Output',
} as const;
export type Group = keyof typeof GROUPS;

export interface Flag<T> {
  readonly type: ValueType<T>;
  /** What holds when the flag is nowhere given; undefined: nothing. */
  readonly default: T;
  /** The default as documents show it. */
  readonly defaultText: string;
  readonly group: Group;
  /** One sentence without a full stop. */
  readonly help: string;
  /** To which commands the flag means something; typed with any other it is a usage error. */
  readonly owners: readonly FlagOwner[];
}

/** The rows of flags that mean something to the same commands. */
function rowsOf(...owners: readonly FlagOwner[]) {
  return {
    flag: <T>(
      group: Group,
      type: ValueType<T>,
      value: T,
      help: string,
      defaultText = String(value),
    ): Flag<T> => ({ type, default: value, defaultText, group, help, owners }),
    optional: <T>(group: Group, type: ValueType<T>, help: string, defaultText = ''): Flag<T | undefined> => ({
      type,
      default: undefined,
      defaultText,
      group,
      help,
      owners,
    }),
  };
}

const everywhere = rowsOf('launch', 'doctor', 'status', 'restore', 'services', 'handover');
const forLaunch = rowsOf('launch');
/** What shapes katran's arguments: the doctor checks it. */
const forKatran = rowsOf('launch', 'doctor');
/** What shapes the plan: compared with what runs. */
const forPlan = rowsOf('launch', 'doctor', 'status');

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
const milliseconds = type.integer(0, INT32_MAX);

/** Every flag there is. Parsing, usage, environment, flag file, completions and documents come from here. */
export const FLAGS = {
  affinitize: forKatran.flag('what', type.boolean, false, 'write the IRQ affinity chosen by -strategy'),
  affinitize_only: forLaunch.flag(
    'what',
    type.boolean,
    false,
    'write the IRQ affinity and exit; implies -affinitize; never starts katran',
  ),
  run: forLaunch.flag(
    'what',
    type.boolean,
    false,
    'start katran; without it, a dry run that prints what would be started',
  ),
  dry_run: rowsOf('launch', 'restore', 'services').flag(
    'what',
    type.boolean,
    false,
    'write nothing and start nothing, whatever else is given; show it all',
  ),

  balancer_bpf: forKatran.flag('katran', type.path, '', 'path of the balancer BPF object'),
  binary: forKatran.flag(
    'katran',
    type.path,
    '',
    'path of katran_server_grpc; empty: katran_server_grpc looked up in PATH',
  ),
  enable_hc: forKatran.flag('katran', type.boolean, false, 'enable healthchecking'),
  hc_bpf: forKatran.flag('katran', type.path, '', 'path of the healthchecking BPF object'),
  hc_intf: forKatran.optional(
    'katran',
    type.networkInterface,
    'interface of the healthchecking program; passed on when given',
  ),
  intf: everywhere.flag(
    'katran',
    type.networkInterface,
    'enp0s3',
    "interface of the XDP program; not given and enp0s3 absent: the default route's interface",
  ),
  ipip_intf: forKatran.flag('katran', type.networkInterfaceOrNone, 'ipip0', 'healthcheck tunnel for IPv4'),
  ipip6_intf: forKatran.flag('katran', type.networkInterfaceOrNone, 'ipip60', 'healthcheck tunnel for IPv6'),
  lru_size: forPlan.flag(
    'katran',
    type.integer(1, Number.MAX_SAFE_INTEGER),
    1_000_000,
    'connection table entries, divided over the forwarding cores',
  ),
  map_path: forPlan.flag('katran', type.path, '', 'pinned root array for shared mode; empty: standalone'),
  map_pos: forPlan.flag('katran', type.integer(INT32_MIN, INT32_MAX), 2, 'position in the root array'),
  priority: forKatran.flag(
    'katran',
    type.integer(INT32_MIN, INT32_MAX),
    2307,
    'tc priority of the healthchecking program',
  ),
  server: rowsOf('launch', 'doctor', 'status', 'services', 'handover').optional(
    'katran',
    type.serverAddress,
    "katran's gRPC address; passed on when given; not given: 127.0.0.1:50051 is polled",
  ),
  shutdown_delay: forKatran.flag('katran', milliseconds, 1000, 'ms katran waits before it detaches'),

  strategy: forPlan.flag(
    'affinity',
    type.choice(STRATEGIES, true),
    'all-nodes',
    'how receive queues are spread: 0 or sequential, 1 or same-node, 2 or all-nodes, 3 or keep',
    '2',
  ),
  numa_node: forPlan.flag('affinity', type.numaNode, 0, "NUMA node for same-node; nic = the interface's own"),
  cpus: forPlan.optional('affinity', type.cpuList, 'CPUs the strategies may use; empty: all online CPUs'),
  forwarding_cores: forPlan.optional(
    'affinity',
    type.cpuList,
    'skip IRQ discovery and tell katran these CPUs (for interfaces without IRQs of their own)',
  ),
  smt: forPlan.flag(
    'affinity',
    type.choice(['on', 'off']),
    'on',
    "off: of each core's threads use only the first online one",
  ),
  max_cpus: forPlan.flag(
    'affinity',
    type.integer(1, 65536),
    128,
    "forwarding cores must be below this (the BPF object's compile-time limit)",
  ),
  affinity_guard: forLaunch.optional(
    'affinity',
    type.choice(['off', 'warn', 'repair']),
    'while katran runs, what to do when masks or vectors change; repair needs -affinitize, and is its default then',
    'warn',
  ),

  gateway: forPlan.optional('gateway', type.ipAddress, "the gateway's address: skip the route table"),
  default_mac: forPlan.optional('gateway', type.mac, "the gateway's MAC: skip discovery"),
  gateway_timeout: forLaunch.flag('gateway', milliseconds, 3000, "ms to resolve the gateway's MAC"),
  gateway_interval: forLaunch.flag(
    'gateway',
    type.integer(1, INT32_MAX),
    1000,
    'ms between looks at the gateway while katran runs',
  ),

  start_timeout: forLaunch.flag('launch', type.integer(1, INT32_MAX), 60_000, 'ms until katran must answer'),
  link_timeout: forLaunch.flag(
    'launch',
    milliseconds,
    0,
    'ms to wait until the interface exists, is up and has its receive interrupts',
  ),
  unresponsive_timeout: forLaunch.flag(
    'launch',
    milliseconds,
    0,
    'ms after which a running katran that answers no call is stopped, exit status 1; 0: never, it forwards on; with -handover it is replaced after 20 s',
  ),
  forwarding_guard: forLaunch.flag(
    'launch',
    type.choice(['off', 'warn', 'exit']),
    'exit',
    'while katran runs, what to do when its program is gone from the interface or its slot; exit: stop katran',
  ),
  handover: forKatran.flag(
    'launch',
    type.boolean,
    false,
    'shared mode: restarts of katran lose no packet; needs -map_path',
  ),
  metrics_file: forLaunch.flag(
    'launch',
    type.path,
    '',
    'write Prometheus metrics there every 10 s (a node_exporter textfile), atomically',
  ),

  services: forKatran.flag(
    'services',
    type.path,
    '',
    'file of VIPs and reals that katran is given before it is called up',
  ),
  keep_services: forKatran.flag(
    'services',
    type.boolean,
    false,
    "while katran runs, keep that file as katran's VIPs and reals are; needs -services",
  ),
  o: rowsOf('services').flag('services', type.path, '', 'services save: write to this file; empty: stdout'),
  exact: rowsOf('services').flag(
    'services',
    type.boolean,
    false,
    'services restore: also remove what the file does not have',
  ),

  json: everywhere.flag(
    'output',
    type.boolean,
    false,
    "print the plan (or a command's report) as one JSON document; not together with -run",
  ),
  watch: rowsOf('status').flag(
    'output',
    type.boolean,
    false,
    'status: draw it again every second, on a terminal; keys: arrows, PgUp, PgDn, Home and End scroll, r n c order the queues by rate, number or CPU, q ends it',
  ),
  report: rowsOf('doctor').flag(
    'output',
    type.boolean,
    false,
    'doctor: write one text file with everything a maintainer would ask for',
  ),
  report_file: rowsOf('doctor').flag(
    'output',
    type.path,
    'start-katran-report.txt',
    'doctor: where -report writes',
  ),
  log_format: everywhere.flag(
    'output',
    type.choice(LOG_FORMATS),
    'text',
    "form of the log lines on stderr; json wraps katran's lines too",
  ),
  log_level: everywhere.flag('output', type.choice(LOG_LEVELS), 'info', 'the least level that is logged'),
  sysroot: everywhere.flag(
    'output',
    type.path,
    '/',
    'read and write /proc, /sys and /run below this directory: plan for a recorded host, test',
  ),
  flagfile: everywhere.optional(
    'output',
    type.path,
    'read flags from this file, one name=value a line; of several files a later one wins over an earlier one',
    '/etc/start-katran/flags, if it exists',
  ),
} as const;

export type FlagName = keyof typeof FLAGS;
export type Values = { readonly [N in FlagName]: (typeof FLAGS)[N]['default'] };

export const FLAG_NAMES = Object.keys(FLAGS).filter((name): name is FlagName => name in FLAGS);

/** Flags that mean something to a command, in the order of the table. */
export function flagsOf(command: CommandName | 'launch'): readonly FlagName[] {
  return FLAG_NAMES.filter((name) => FLAGS[name].owners.some((owner) => owner === command));
}
