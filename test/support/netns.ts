import { execFileSync, spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** One end of a link: an interface in a namespace. */
export interface LinkEnd {
  readonly namespace: Namespace;
  readonly device: string;
  /** `10.77.0.2/24`, `fd00:77::2/64`. */
  readonly addresses: readonly string[];
  readonly mac?: string;
}

/** A network namespace of the test's own, with its loopback up; everything in it goes when it is removed. */
export interface Namespace {
  /** Unique; what `ip netns` calls it. */
  readonly name: string;
  /** The words that put a program into it: they become that program. */
  readonly within: readonly string[];
  /** Runs a program in it to its end; gives its stdout. Throws with its stderr when it fails. */
  run(command: string, ...args: string[]): string;
  /** `ip` in it, from the words of one line: `ip('route add default via 10.77.0.1')`. */
  ip(line: string): string;
  /** Starts a program in it; its pid is the program's own (`ip netns exec` becomes it). */
  start(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Writes below /proc/sys/net: `sysctl('ipv4/neigh/eth0/retrans_time_ms', 100)`. */
  sysctl(path: string, value: number | string): void;
  setMac(device: string, mac: string): void;
}

let counter = 0;
const existing = new Set<string>();

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Why no network namespace can be made here, for the note of a skipped test; undefined where one can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, to make network namespaces';
  if (spawnSync('ip', ['-V']).error !== undefined) return 'needs ip (iproute2), to make network namespaces';
  const name = `sk-${process.pid}-try`;
  const tried = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (tried.status !== 0) return `cannot make network namespaces here: ${tried.stderr.trim()}`;
  ip('netns', 'del', name);
  return undefined;
}

/** Makes a namespace; the label is part of its name, to be recognised in `ip netns`. */
export function makeNamespace(label: string): Namespace {
  counter += 1;
  const name = `sk-${process.pid}-${counter}-${label}`;
  ip('netns', 'add', name);
  existing.add(name);
  const run = (command: string, ...args: string[]): string => ip('netns', 'exec', name, command, ...args);
  const namespace: Namespace = {
    name,
    within: ['ip', 'netns', 'exec', name],
    run,
    ip: (line) => ip('-n', name, ...line.split(/\s+/)),
    start: (command, args, options = {}) => spawn('ip', ['netns', 'exec', name, command, ...args], options),
    sysctl: (path, value) =>
      void run('sh', '-c', 'echo "$1" > "/proc/sys/net/$2"', 'sysctl', String(value), path),
    setMac: (device, mac) => void ip('-n', name, 'link', 'set', device, 'address', mac),
  };
  // Addresses are to be usable at once, without waiting for duplicate address detection.
  for (const scope of ['default', 'all']) namespace.sysctl(`ipv6/conf/${scope}/accept_dad`, 0);
  namespace.ip('link set lo up');
  return namespace;
}

/** Joins two namespaces by a veth pair, with the addresses and MACs given, both ends up. */
export function connect(a: LinkEnd, b: LinkEnd): void {
  ip(
    ...['link', 'add', a.device, 'netns', a.namespace.name, 'type', 'veth'],
    ...['peer', 'name', b.device, 'netns', b.namespace.name],
  );
  for (const { namespace, device, addresses, mac } of [a, b]) {
    if (mac !== undefined) namespace.setMac(device, mac);
    for (const address of addresses) namespace.ip(`address add ${address} dev ${device}`);
    namespace.ip(`link set ${device} up`);
  }
}

/** Removes one namespace, and the links in it. */
export function removeNamespace({ name }: Namespace): void {
  ip('netns', 'del', name);
  existing.delete(name);
}

/** Removes every namespace made so far, and the links in them. Processes still in them keep running: end those first. */
export function removeNamespaces(): void {
  for (const name of existing) {
    ip('netns', 'del', name);
    existing.delete(name);
  }
}

process.once('exit', () => {
  // A test run that was interrupted leaves nothing behind either.
  for (const name of existing) spawnSync('ip', ['netns', 'del', name]);
});
