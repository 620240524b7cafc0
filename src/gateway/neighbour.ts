import { Failure } from '../failure.ts';
import { readArp } from '../linux/net-arp.ts';
import type { Root } from '../linux/root.ts';
import { parseMac, unusableAsGateway } from '../linux/mac.ts';
import { readIpv6Neighbours, type NeighbourEntry } from '../tools/ip.ts';
import { ToolFailure } from '../tools/failures.ts';
import type { Tools } from '../tools/toolbox.ts';
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

function entryOf({ device, mac = '', states }: NeighbourEntry, hop: NextHop): Entry {
  return {
    device: device ?? hop.interface,
    mac,
    complete: mac !== '' && states.some((state) => COMPLETE_STATES.has(state)),
  };
}

/** The next hop's MAC in entries as `ip` tells them, of either family. */
export function neighbourAmong(entries: readonly NeighbourEntry[], hop: NextHop): Neighbour {
  const own = entries.filter(({ address }) => parseAddress(address)?.address === hop.address);
  return judgeAll(
    own.map((entry) => entryOf(entry, hop)),
    hop.interface,
  );
}

function whyIpFailed(error: Failure): string {
  if (!(error instanceof ToolFailure)) return error.message;
  return error.isMissing ? 'there is no ip command; install iproute2' : `it ${error.reason}`;
}

/**
 * What `ip -j -6 neigh` has of an IPv6 next hop: /proc has no such table. Throws Failure when `ip` is missing, fails or hangs; the
 * signal's reason when aborted.
 */
export async function readIpv6Entries(
  tools: Tools,
  hop: NextHop,
  signal: AbortSignal | undefined,
): Promise<NeighbourEntry[]> {
  const { address, interface: device } = hop;
  try {
    return await readIpv6Neighbours(tools, { address, device }, { timeoutMs: IP_TIMEOUT_MS, signal });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `cannot look up the MAC of ${address} on ${device} with ip -j -6 neigh: ${whyIpFailed(error)}`,
      { remedy: '-default_mac overrides it', cause: error },
    );
  }
}

/** The MAC of an IPv6 next hop. Throws like readIpv6Entries. */
export async function readIpv6Neighbour(
  tools: Tools,
  hop: NextHop,
  signal: AbortSignal | undefined,
): Promise<Neighbour> {
  return neighbourAmong(await readIpv6Entries(tools, hop, signal), hop);
}
