import { isIpv4 } from './ip-address.ts';
import { malformed } from './malformed.ts';
import type { Root } from './root.ts';

const ATF_COM = 0x2;

/** One IPv4 neighbour. */
export interface ArpEntry {
  /** Dotted. */
  readonly address: string;
  /** 0x0 incomplete, 0x2 complete (also when stale), 0x4 permanent, 0x8 published. */
  readonly flags: number;
  /** As the kernel writes it, lower case; all zero while incomplete. */
  readonly mac: string;
  readonly device: string;
  /** Its hardware address is known. */
  readonly complete: boolean;
}

const ENTRY = /^(\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]{1,8})\s+(?:(\S+)\s+)?\*\s+(\S+)\s*$/i;

/** The text of /proc/net/arp (arp_format_neigh_entry in net/ipv4/arp.c). Throws KernelFileError that names the line. */
export function parseArp(text: string, path = '/proc/net/arp'): ArpEntry[] {
  const entries: ArpEntry[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    if (index === 0) {
      if (!/^\s*IP address\s+HW type\s+Flags\s/.test(line))
        throw malformed(path, 1, 'a header of IP address, HW type, Flags …', line);
      return;
    }
    // A device without hardware addresses (a tunnel) leaves that column empty.
    const [, address, flagsText, mac = '', device] = ENTRY.exec(line) ?? [];
    if (address === undefined || flagsText === undefined || device === undefined || !isIpv4(address)) {
      throw malformed(
        path,
        index + 1,
        'a neighbour (IPv4 address, type, flags, hardware address, *, device)',
        line,
      );
    }
    const flags = Number.parseInt(flagsText, 16);
    entries.push({
      address,
      flags,
      mac: mac.toLowerCase(),
      device,
      complete: (flags & ATF_COM) !== 0 && /[1-9a-f]/i.test(mac),
    });
  });
  return entries;
}

/** /proc/net/arp; no entries where the kernel has no such file (no IPv4). Throws KernelFileError. */
export function readArp(root: Root): ArpEntry[] {
  const path = '/proc/net/arp';
  return parseArp(root.readIfPresent(path) ?? '', root.hostPath(path));
}
