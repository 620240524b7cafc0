type Type = 'bool' | 'int32' | 'int64' | 'string';

/** The flags of katran_server_grpc, and those its logging library adds. */
const FLAGS = {
  server: ['string', '0.0.0.0:50051'],
  intf: ['string', 'eth0'],
  hc_intf: ['string', ''],
  ipip_intf: ['string', 'ipip0'],
  ipip6_intf: ['string', 'ipip60'],
  balancer_prog: ['string', './balancer.bpf.o'],
  healthchecker_prog: ['string', './healthchecking_ipip.o'],
  default_mac: ['string', '00:00:00:00:00:01'],
  priority: ['int32', '2307'],
  map_path: ['string', ''],
  prog_pos: ['int32', '2'],
  hc_forwarding: ['bool', 'true'],
  shutdown_delay: ['int32', '10000'],
  lru_size: ['int64', '8000000'],
  forwarding_cores: ['string', ''],
  numa_nodes: ['string', ''],
  logtostderr: ['bool', 'false'],
  alsologtostderr: ['bool', 'false'],
  minloglevel: ['int32', '0'],
  stderrthreshold: ['int32', '2'],
  v: ['int32', '0'],
  vmodule: ['string', ''],
  log_dir: ['string', ''],
} as const satisfies Record<string, readonly [Type, string]>;

export type FlagName = keyof typeof FLAGS;
/** A flag's value as text; booleans are 'true' or 'false'. */
export type FlagValues = (name: FlagName) => string;

/** The flags' values, and every error gflags reports before it exits with 1. */
export function parseFlags(args: readonly string[]): { flag: FlagValues; errors: readonly string[] } {
  const given = new Map<FlagName, string>();
  const errors: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    if (argument === '--') break;
    if (!/^--?[^-]/.test(argument)) continue; // gflags leaves bare words to the program, which ignores them
    const [, typed = '', attached] = /^--?([^=]*)(?:=([^]*))?$/.exec(argument) ?? [];
    const { name, negated } = findFlag(typed);
    if (name === undefined) {
      errors.push(`ERROR: unknown command line flag '${typed}'`);
      continue;
    }
    const [type] = FLAGS[name];
    const value = attached ?? (type === 'bool' ? String(!negated) : args[++i]);
    if (value === undefined) errors.push(`ERROR: flag '${name}' is missing its argument`);
    else if (!LEGAL[type](value))
      errors.push(`ERROR: illegal value '${value}' specified for ${type} flag '${name}'`);
    else given.set(name, type === 'bool' ? String(TRUE.test(value)) : value);
  }
  return { flag: (name) => given.get(name) ?? FLAGS[name][1], errors };
}

/** By its name with dashes or underscores, or a boolean's name after `no`. */
function findFlag(typed: string): { name: FlagName | undefined; negated: boolean } {
  const plain = typed.replaceAll('-', '_');
  if (isFlag(plain)) return { name: plain, negated: false };
  const positive = plain.replace(/^no/, '');
  const negated = isFlag(positive) && FLAGS[positive][0] === 'bool';
  return { name: negated ? positive : undefined, negated };
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

const TRUE = /^(1|t|true|y|yes)$/i;
const FALSE = /^(0|f|false|n|no)$/i;

const LEGAL: Readonly<Record<Type, (value: string) => boolean>> = {
  string: () => true,
  bool: (value) => TRUE.test(value) || FALSE.test(value),
  int32: (value) => isInteger(value, 31n),
  int64: (value) => isInteger(value, 63n),
};

function isInteger(text: string, bits: bigint): boolean {
  const [, sign, digits] = /^\s*([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  if (digits === undefined) return false;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return value >= -(2n ** bits) && value < 2n ** bits;
}
