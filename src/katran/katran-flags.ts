import { gflagValue } from './gflags.ts';

/** What a running katran was started with, as far as status needs it. */
export interface KatranFlags {
  /** Undefined: katran's own default, eth0. */
  readonly intf: string | undefined;
  readonly server: string | undefined;
  readonly mapPath: string;
  readonly mapPosition: string;
  /** CPU ids in katran's order; null when the list cannot be read as numbers. */
  readonly forwardingCores: readonly number[] | null;
  /** NUMA node of each forwarding core, same order. */
  readonly numaNodes: readonly number[] | null;
}

/** A list such as `0,4,1`, in its order. Null when it is none. */
function numbers(text: string): number[] | null {
  if (text === '') return [];
  return /^\d{1,5}(,\d{1,5})*$/.test(text) ? text.split(',').map(Number) : null;
}

/** katran's command line, argv[0] included. */
export function parseKatranFlags(argv: readonly string[]): KatranFlags {
  const given = argv.slice(1);
  return {
    intf: gflagValue(given, 'intf'),
    server: gflagValue(given, 'server'),
    mapPath: gflagValue(given, 'map_path') ?? '',
    mapPosition: gflagValue(given, 'prog_pos') ?? '2',
    forwardingCores: numbers(gflagValue(given, 'forwarding_cores') ?? ''),
    numaNodes: numbers(gflagValue(given, 'numa_nodes') ?? ''),
  };
}
