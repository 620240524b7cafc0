import { STRATEGIES } from '../affinity/types.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../log/log.ts';
import * as type from './value-types.ts';
import type { ValueType } from './value-types.ts';

export const GROUPS = {
  what: 'What is done',
  katran: 'What katran is told',
  affinity: 'Interrupt affinity',
  gateway: 'Gateway',
  launch: 'Launch and supervision',
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
}

function flag<T>(
  group: Group,
  type: ValueType<T>,
  value: T,
  help: string,
  defaultText = String(value),
): Flag<T> {
  return { type, default: value, defaultText, group, help };
}

function optional<T>(group: Group, type: ValueType<T>, help: string, defaultText = ''): Flag<T | undefined> {
  return { type, default: undefined, defaultText, group, help };
}

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
const milliseconds = type.integer(0, INT32_MAX);

/** Every flag there is. Parsing, usage, environment, flag file, completions and documents come from here. */
export const FLAGS = {
  affinitize: flag('what', type.boolean, false, 'write the IRQ affinity chosen by -strategy'),
  affinitize_only: flag(
    'what',
    type.boolean,
    false,
    'write the IRQ affinity and exit; implies -affinitize; never starts katran',
  ),
  run: flag(
    'what',
    type.boolean,
    false,
    'start katran; without it, a dry run that prints what would be started',
  ),
  dry_run: flag(
    'what',
    type.boolean,
    false,
    'write nothing and start nothing, whatever else is given; show it all',
  ),

  balancer_bpf: flag('katran', type.path, '', 'path of the balancer BPF object'),
  binary: flag(
    'katran',
    type.path,
    '',
    'path of katran_server_grpc; empty: katran_server_grpc looked up in PATH',
  ),
  enable_hc: flag('katran', type.boolean, false, 'enable healthchecking'),
  hc_bpf: flag('katran', type.path, '', 'path of the healthchecking BPF object'),
  hc_intf: optional(
    'katran',
    type.networkInterface,
    'interface of the healthchecking program; passed on when given',
  ),
  intf: flag(
    'katran',
    type.networkInterface,
    'enp0s3',
    "interface of the XDP program; not given and enp0s3 absent: the default route's interface",
  ),
  ipip_intf: flag('katran', type.networkInterface, 'ipip0', 'healthcheck tunnel for IPv4'),
  ipip6_intf: flag('katran', type.networkInterface, 'ipip60', 'healthcheck tunnel for IPv6'),
  lru_size: flag(
    'katran',
    type.integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    1_000_000,
    'connection table entries, divided over the forwarding cores',
  ),
  map_path: flag('katran', type.path, '', 'pinned root array for shared mode; empty: standalone'),
  map_pos: flag('katran', type.integer(INT32_MIN, INT32_MAX), 2, 'position in the root array'),
  priority: flag(
    'katran',
    type.integer(INT32_MIN, INT32_MAX),
    2307,
    'tc priority of the healthchecking program',
  ),
  server: optional(
    'katran',
    type.serverAddress,
    "katran's gRPC address; passed on when given; not given: 127.0.0.1:50051 is polled",
  ),
  shutdown_delay: flag('katran', milliseconds, 1000, 'ms katran waits before it detaches'),

  strategy: flag(
    'affinity',
    type.choice(STRATEGIES, true),
    'all-nodes',
    'how receive queues are spread: 0 or sequential, 1 or same-node, 2 or all-nodes, 3 or keep',
    '2',
  ),
  numa_node: flag('affinity', type.numaNode, 0, "NUMA node for same-node; nic = the interface's own"),
  cpus: optional('affinity', type.cpuList, 'CPUs the strategies may use; empty: all online CPUs'),
  forwarding_cores: optional(
    'affinity',
    type.cpuList,
    'skip IRQ discovery and tell katran these CPUs (for interfaces without IRQs of their own)',
  ),
  max_cpus: flag(
    'affinity',
    type.integer(1, 65536),
    128,
    "forwarding cores must be below this (the BPF object's compile-time limit)",
  ),
  affinity_guard: optional(
    'affinity',
    type.choice(['off', 'warn', 'repair']),
    'while katran runs, what to do when masks or vectors change; repair needs -affinitize, and is its default then',
    'warn',
  ),

  gateway: optional('gateway', type.ipAddress, "the gateway's address: skip the route table"),
  default_mac: optional('gateway', type.mac, "the gateway's MAC: skip discovery"),
  gateway_timeout: flag('gateway', milliseconds, 3000, "ms to resolve the gateway's MAC"),
  gateway_interval: flag(
    'gateway',
    type.integer(1, INT32_MAX),
    1000,
    'ms between looks at the gateway while katran runs',
  ),

  start_timeout: flag('launch', type.integer(1, INT32_MAX), 60_000, 'ms until katran must answer'),

  json: flag(
    'output',
    type.boolean,
    false,
    "print the plan (or a command's report) as one JSON document; not together with -run",
  ),
  watch: flag('output', type.boolean, false, 'status: draw it again every second, on a terminal'),
  report: flag(
    'output',
    type.boolean,
    false,
    'doctor: write one text file with everything a maintainer would ask for',
  ),
  report_file: flag('output', type.path, 'start-katran-report.txt', 'doctor: where -report writes'),
  log_format: flag(
    'output',
    type.choice(LOG_FORMATS),
    'text',
    "form of the log lines on stderr; json wraps katran's lines too",
  ),
  log_level: flag('output', type.choice(LOG_LEVELS), 'info', 'the least level that is logged'),
  sysroot: flag(
    'output',
    type.path,
    '/',
    'read and write /proc, /sys and /run below this directory: plan for a recorded host, test',
  ),
  flagfile: optional(
    'output',
    type.path,
    'read flags from this file, one name=value a line',
    '/etc/start-katran/flags, if it exists',
  ),
} as const;

export type FlagName = keyof typeof FLAGS;
export type Values = { readonly [N in FlagName]: (typeof FLAGS)[N]['default'] };

export const FLAG_NAMES = Object.keys(FLAGS).filter((name): name is FlagName => name in FLAGS);

/** Words that may come first instead of a flag, with what they do. */
export const COMMANDS = {
  doctor: 'check everything around katran, one line a check; exit 3 if any fails',
  status: 'what runs now: katran, gateway, affinity, packets; exit 3 if something is wrong',
  restore: 'put back the IRQ masks found before the first -affinitize',
  completion: 'print a completion script for bash, zsh or fish',
} as const;
export type CommandName = keyof typeof COMMANDS;
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
