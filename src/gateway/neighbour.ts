import { messageOf, Failure } from '../failure.ts';
import { readArp } from '../linux/net-arp.ts';
import type { Root } from '../linux/root.ts';
import { parseMac, unusableAsGateway } from '../linux/mac.ts';
import { parseAddress } from './next-hop.ts';
import type { Neighbour, NextHop } from './types.ts';

/** An entry of either family's table; the MAC is as the kernel wrote it. */
interface Entry {
  readonly device: string;
  readonly mac: string;
  readonly complete: boolean;
}

const IP_TIMEOUT_MS = 2000;
/** States in which the kernel itself would send to the address. */
const COMPLETE_STATES = new Set(['REACHABLE', 'STALE', 'DELAY', 'PROBE', 'PERMANENT']);

function judge(entry: Entry): Neighbour {
  if (!entry.complete)
    return { mac: null, trouble: 'absent', seen: 'an incomplete entry (no answer from it yet)' };
  const mac = parseMac(entry.mac);
  const problem = mac === undefined ? 'is no MAC address' : unusableAsGateway(mac);
  if (mac === undefined || problem !== undefined)
    return { mac: null, trouble: 'unusable', seen: `${entry.mac}, which ${problem ?? ''}` };
  return { mac, trouble: null, seen: mac };
}

function judgeAll(entries: readonly Entry[], device: string): Neighbour {
  const here = entries.filter((entry) => entry.device === device).map(judge);
  const best = here.find((neighbour) => neighbour.mac !== null) ?? here[0];
  if (best !== undefined) return best;
  const elsewhere = entries.find((entry) => entry.complete);
  return {
    mac: null,
    trouble: 'absent',
    seen:
      elsewhere === undefined
        ? 'no entry'
        : `no entry there, but one on ${elsewhere.device} (${elsewhere.mac})`,
  };
}

/** The MAC of an IPv4 next hop in /proc/net/arp: the entry of its address and its device. Throws KernelFileError. */
export function readArpNeighbour(root: Root, hop: NextHop): Neighbour {
  const entries = readArp(root).filter((entry) => entry.address === hop.address);
  return judgeAll(entries, hop.interface);
}

function entryOf(value: unknown, hop: NextHop): Entry | undefined {
  if (typeof value !== 'object' || value === null || !('dst' in value)) return undefined;
  if (typeof value.dst !== 'string' || parseAddress(value.dst)?.address !== hop.address) return undefined;
  const states = 'state' in value && Array.isArray(value.state) ? value.state : [];
  const mac = 'lladdr' in value && typeof value.lladdr === 'string' ? value.lladdr : '';
  return {
    // `dev` is left out where `ip` was asked for one device.
    device: 'dev' in value && typeof value.dev === 'string' ? value.dev : hop.interface,
    mac,
    complete: mac !== '' && states.some((state) => COMPLETE_STATES.has(String(state))),
  };
}

/** The next hop's MAC in the output of `ip -j -6 neigh`. Throws Failure when that is not JSON. */
export function parseIpv6Neighbour(json: string, hop: NextHop): Neighbour {
  let list: unknown;
  try {
    list = json.trim() === '' ? [] : JSON.parse(json);
  } catch {
    throw new Failure(
      `ip -j -6 neigh did not print JSON (${JSON.stringify(json.slice(0, 60))}); a newer iproute2 does, -default_mac overrides it`,
    );
  }
  const entries = (Array.isArray(list) ? list : []).flatMap((value: unknown) => entryOf(value, hop) ?? []);
  return judgeAll(entries, hop.interface);
}

function whyIpFailed(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no ip command; install iproute2';
  if (error instanceof Error && 'timedOut' in error && error.timedOut === true)
    return `no answer in ${IP_TIMEOUT_MS} ms`;
  if (error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' && error.stderr !== '')
    return error.stderr.trim();
  return messageOf(error);
}

/**
 * The MAC of an IPv6 next hop from `ip -j -6 neigh`, always of this machine: /proc has no such table.
 * Throws Failure when `ip` is missing, fails or hangs; the signal's reason when aborted.
 */
export async function readIpv6Neighbour(hop: NextHop, signal: AbortSignal | undefined): Promise<Neighbour> {
  const { execa } = await import('execa');
  try {
    const { stdout } = await execa(
      'ip',
      ['-j', '-6', 'neigh', 'show', 'to', hop.address, 'dev', hop.interface],
      {
        timeout: IP_TIMEOUT_MS,
        stdin: 'ignore',
        ...(signal === undefined ? {} : { cancelSignal: signal }),
      },
    );
    return parseIpv6Neighbour(stdout, hop);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw new Failure(
      `cannot look up the MAC of ${hop.address} on ${hop.interface} with ip -j -6 neigh: ${whyIpFailed(error)}; -default_mac overrides it`,
      { cause: error },
    );
  }
}
