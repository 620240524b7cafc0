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

/** The value of a gflags flag: `-name=value`, `--name=value`, `-name value`; the last one wins. */
function flagValue(argv: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  for (const [position, argument] of argv.entries()) {
    if (argument === `-${name}` || argument === `--${name}`) value = argv[position + 1] ?? '';
    const [, given] = new RegExp(`^--?${name}=([^]*)$`).exec(argument) ?? [];
    value = given ?? value;
  }
  return value;
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
    intf: flagValue(given, 'intf'),
    server: flagValue(given, 'server'),
    mapPath: flagValue(given, 'map_path') ?? '',
    mapPosition: flagValue(given, 'prog_pos') ?? '2',
    forwardingCores: numbers(flagValue(given, 'forwarding_cores') ?? ''),
    numaNodes: numbers(flagValue(given, 'numa_nodes') ?? ''),
  };
}
