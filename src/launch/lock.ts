import fs from 'node:fs';
import path from 'node:path';
import { Failure, errnoOf, messageOf } from '../failure.ts';
import { addressesConflict, type KatranEndpoint } from '../katran/endpoint.ts';
import { isIpAddress } from '../linux/ip-address.ts';
import { networkNamespaceOf } from '../linux/network-namespace.ts';
import { ofProcess } from '../linux/processes.ts';
import { readStartTicks } from '../linux/process-start.ts';
import { openRoot, type Root } from '../linux/root.ts';

/** Held until released or until the process ends, however it ends. */
export interface LaunchLock {
  release(): void;
}

/** Who holds a lock: a process is told from a later one of the same id by the moment of its start. */
interface Holder {
  readonly pid: number;
  readonly startTicks: number;
}

interface Entry extends Holder {
  readonly file: string;
  /** The network namespace: ports and interfaces of one name are in several, and /run is in all of them. */
  readonly namespace: string;
  readonly subject: string;
}

/** Processes are those of this machine, whatever -sysroot says. */
const machine = (): Root => openRoot('/');

const startTicksOf = (pid: number): number | undefined => ofProcess(() => readStartTicks(machine(), pid));

function ownHolder(): Holder & { readonly namespace: string } {
  const pid = Number(machine().readlink('/proc/self'));
  const startTicks = startTicksOf(pid);
  if (startTicks === undefined) throw new Failure('cannot lock anything: /proc/self cannot be read');
  return { pid, startTicks, namespace: networkNamespaceOf(machine(), 'self') ?? '0' };
}

const isAlive = ({ pid, startTicks }: Holder): boolean => startTicksOf(pid) === startTicks;

/** `/run/start-katran/locks`, below -sysroot. */
function lockDirectory(root: Root): string {
  const run = root.realpath('/run') ?? '/run';
  return root.hostPath(path.posix.join(run, 'start-katran', 'locks'));
}

/** A lock is an empty file, all of which is in its name: nobody finds one half written. */
const nameOf = ({ namespace, pid, startTicks, subject }: Omit<Entry, 'file'>): string =>
  `${namespace}_${pid}_${startTicks}_${subject}`;

const NAME = /^(\d+)_(\d+)_(\d+)_(.+)$/;

function entriesIn(directory: string): Entry[] {
  return fs.readdirSync(directory).flatMap((name) => {
    const [, namespace, pid, startTicks, subject] = NAME.exec(name) ?? [];
    if (namespace === undefined || subject === undefined) return [];
    const file = path.join(directory, name);
    return { file, namespace, pid: Number(pid), startTicks: Number(startTicks), subject };
  });
}

/** Another's release removes the directory when it is empty, perhaps right after it was made here. */
const ATTEMPTS = 10;

/** Parents only where they are missing: on a read-only file system Node's recursive mkdir reports ENOENT instead of EROFS. */
function makeDirectory(directory: string, mode: number): void {
  try {
    fs.mkdirSync(directory, { mode });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') fs.mkdirSync(directory, { recursive: true, mode });
    else if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function makeEntry(file: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const directory = path.dirname(file);
      makeDirectory(path.dirname(directory), 0o755);
      makeDirectory(directory, 0o700);
      fs.closeSync(fs.openSync(file, 'wx', 0o600));
      return;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
    }
  }
}

function removeEntry(file: string): void {
  try {
    fs.rmSync(file, { force: true });
    // What holds nothing more goes too: the locks, start-katran, and below a -sysroot /run.
    let directory = path.dirname(file);
    for (let level = 0; level < 3; level += 1, directory = path.dirname(directory)) fs.rmdirSync(directory);
  } catch {
    // Others have locks there too; what cannot be removed is no obstacle once this process is gone.
  }
}

/**
 * Makes an entry of our own, and only then looks for others: of two that begin in one moment both may give up, and never do both go on.
 * An entry whose process is gone is removed. Throws Failure with those words when another process has one that conflicts.
 */
function hold(
  root: Root,
  subject: string,
  conflicts: (other: string) => boolean,
  taken: (holder: Holder) => string,
): LaunchLock {
  const own = ownHolder();
  const file = path.join(lockDirectory(root), nameOf({ ...own, subject }));
  const cannot = (error: unknown): Failure =>
    new Failure(
      `cannot lock against a second launcher: ${errnoOf(error) ?? messageOf(error)} at ${path.dirname(file)}; ` +
        'it must be a directory that root can write to',
      { cause: error },
    );
  try {
    makeEntry(file);
  } catch (error) {
    // This very process has it already.
    if (errnoOf(error) === 'EEXIST' && fs.existsSync(file)) throw new Failure(taken(own), { cause: error });
    throw cannot(error);
  }
  const others = ofOthers(file).filter(
    (entry) => entry.namespace === own.namespace && conflicts(entry.subject),
  );
  const [holder] = others;
  if (holder === undefined) return { release: () => removeEntry(file) };
  removeEntry(file);
  throw new Failure(taken(holder));
}

/** The entries beside this one whose processes run; the others are removed. */
function ofOthers(own: string): Entry[] {
  return entriesIn(path.dirname(own)).filter((entry) => {
    if (entry.file === own) return false;
    const alive = isAlive(entry);
    if (!alive) fs.rmSync(entry.file, { force: true });
    return alive;
  });
}

const PORT_LOCK = /^port:(\d+):(.*)$/;

/** Stands for a host name, which may be any address. */
const ANY = '0.0.0.0';

/**
 * Makes sure that one launcher at a time works on a katran port. Two specific addresses have a port each; a wildcard
 * conflicts with them all. Throws Failure when another launcher holds it.
 */
export function lockPort(root: Root, { port, bound }: Pick<KatranEndpoint, 'port' | 'bound'>): LaunchLock {
  const address = isIpAddress(bound) ? bound : ANY;
  return hold(
    root,
    `port:${port}:${address}`,
    (other) => {
      const [, itsPort, itsAddress] = PORT_LOCK.exec(other) ?? [];
      return Number(itsPort) === port && itsAddress !== undefined && addressesConflict(itsAddress, address);
    },
    ({ pid }) =>
      `another start-katran (pid ${pid}) is launching or supervising katran on port ${port}; stop that one first, or give another -server`,
  );
}

const interfaceSubject = (interfaceName: string): string => `interface:${interfaceName}`;

/**
 * Makes sure that one launcher at a time works on an interface: a second katran would replace the XDP program of the first
 * without an error. Throws Failure when another launcher holds it.
 */
export function lockInterface(root: Root, interfaceName: string): LaunchLock {
  const subject = interfaceSubject(interfaceName);
  return hold(
    root,
    subject,
    (other) => other === subject,
    ({ pid }) =>
      `another start-katran (pid ${pid}) is launching or supervising katran on interface ${interfaceName}, where a second katran would ` +
      'take the XDP program of the first away; stop that one first, or give another -intf',
  );
}

/** The launcher that works on an interface of this network namespace, by its pid; undefined when there is none, or only root may know. */
export function launcherOn(root: Root, interfaceName: string): number | undefined {
  const namespace = networkNamespaceOf(machine(), 'self') ?? '0';
  const subject = interfaceSubject(interfaceName);
  try {
    return entriesIn(lockDirectory(root)).find(
      (entry) => entry.namespace === namespace && entry.subject === subject && isAlive(entry),
    )?.pid;
  } catch {
    return undefined;
  }
}

/** Both locks, or none. */
export function lockLaunch(endpoint: KatranEndpoint, root: Root, interfaceName: string): LaunchLock {
  const device = lockInterface(root, interfaceName);
  try {
    const port = lockPort(root, endpoint);
    return {
      release: () => {
        port.release();
        device.release();
      },
    };
  } catch (error) {
    device.release();
    throw error;
  }
}
