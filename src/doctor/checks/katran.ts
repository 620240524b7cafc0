import { errnoOf, Failure } from '../../failure.ts';
import { findBinary, NotInPath } from '../../katran/binary.ts';
import { lruBytes, mebibytes } from '../../katran/lru-memory.ts';
import { readMemory } from '../../linux/meminfo.ts';
import type { Listener } from '../../linux/tcp-listeners.ts';
import { type Check, type Examine, fail, groupOf, ok, skipped, warn } from '../types.ts';

function advice(binary: string, { cause }: Failure): string {
  if (binary === '') return 'give its path: -binary /path/to/katran_server_grpc';
  return errnoOf(cause) === 'EACCES' ? `chmod +x ${binary}, or correct -binary` : 'correct -binary';
}

const binary: Examine = ({ options, searchPath }) => {
  try {
    return ok(findBinary(options, searchPath));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const found = error instanceof NotInPath ? `${error.program} is not in PATH` : error.what;
    return fail(found, 'there is nothing to start', advice(options.binary, error));
  }
};

const isKatran = ({ command }: Listener): boolean => command?.startsWith('katran_server') ?? false;

const inWords = ({ command, pid, address }: Listener): string =>
  pid === null ? `a process that only root can see, on ${address}` : `${command ?? 'a process'} (pid ${pid})`;

const port: Examine = (host) => {
  if (!host.root.exists('/proc/net/tcp')) return skipped('there is no /proc/net/tcp');
  const listeners = host.listeners();
  const who = [...new Set(listeners.map(inWords))];
  const address = `port ${host.endpoint.port}`;
  if (listeners.length === 0) return ok(`${address} is free`);
  const pids = new Set(listeners.map(({ pid }) => pid));
  if (pids.size === 1 && listeners.every(isKatran))
    return ok(
      `${who.join(', ')} listens on ${address}`,
      'katran runs; a second one on this port is not started',
    );
  const katrans = listeners.filter(isKatran).length;
  const pid =
    listeners.find((listener) => listener.pid !== null && !isKatran(listener))?.pid ?? listeners[0]?.pid;
  return fail(
    `${address} is taken: ${who.join(', ')}`,
    katrans > 1
      ? 'they share it silently, and when one ends it takes the XDP program of the other with it'
      : 'katran crashes (SIGSEGV) when it cannot have the port, and leaves its XDP program attached',
    pid == null
      ? 'run doctor as root to see whose it is, or choose another: -server ADDRESS:PORT'
      : `stop pid ${pid}, or choose another: -server ADDRESS:PORT`,
  );
};

/** Of an entry for each core is nothing left to evict; below this many a busy core forgets connections within a second. */
const FEW_ENTRIES = 1000;

const lruSize: Examine = (host) => {
  const size = host.options.lru_size;
  const cores = Math.max(1, host.plan().forwardingCores.length);
  const each = Math.floor(size / cores);
  const found = `${size} entries, ${each} for each of ${cores} ${cores === 1 ? 'core' : 'cores'}`;
  if (size < cores)
    return fail(
      found,
      'katran divides it over the cores and aborts (SIGABRT) when one gets none',
      '-lru_size 1000000',
    );
  if (each < FEW_ENTRIES)
    return warn(
      found,
      'old connections are forgotten at once, and move to other reals when reals change',
      '-lru_size 1000000',
    );
  return ok(found);
};

const lruMemory: Examine = (host) => {
  const needed = lruBytes(host.options.lru_size);
  const { available } = readMemory(host.root);
  const found = `tables about ${mebibytes(needed)}, available ${mebibytes(available)}`;
  const affordable =
    Math.floor(((available / 2) * host.options.lru_size) / Math.max(1, needed) / 1000) * 1000;
  const fix = `-lru_size ${affordable}`;
  if (needed > available) return fail(found, 'katran ends with ENOMEM, or others are killed for memory', fix);
  if (needed > available * 0.8) return warn(found, 'hardly anything is left for others', fix);
  return ok(found);
};

const DEFAULT_FLAG_FILE = '/etc/start-katran/flags';

const flagFile: Examine = ({ root, options }) => {
  const text = root.readIfPresent(DEFAULT_FLAG_FILE);
  if (options.flagfile !== '' && options.flagfile !== undefined) return ok(`-flagfile ${options.flagfile}`);
  if (text === undefined) return ok(`there is no ${DEFAULT_FLAG_FILE}`);
  const lines = text.split('\n').filter((line) => !/^\s*(?:#|$)/.test(line)).length;
  if (lines > 0) return ok(`${DEFAULT_FLAG_FILE} sets ${lines} ${lines === 1 ? 'flag' : 'flags'}`);
  return warn(
    `${DEFAULT_FLAG_FILE} sets no flag: it is as the package brought it`,
    'the service has no BPF object to give katran, and takes the interface of the default route',
    `set balancer_bpf, intf and affinitize in ${DEFAULT_FLAG_FILE}`,
  );
};

export const katranChecks: readonly Check[] = groupOf('katran', {
  'flag-file': ['the flags that every start reads have been set', flagFile],
  binary: ['katran_server_grpc is there and can be executed', binary],
  port: ["katran's port is free, or katran's", port],
  'lru-size': ['each forwarding core has a connection table of some size', lruSize],
  memory: [
    'the connection tables fit into memory (it is kernel memory, not seen in the RSS of katran)',
    lruMemory,
  ],
});
