import { isIPv6 } from 'node:net';

/** Six or more pairs of hex digits (Ethernet; InfiniBand has twenty), or Cisco's three groups of four. */
const MAC =
  /(?<![0-9a-z])(?:(?:[0-9a-f]{1,2}[:-]){5,}[0-9a-f]{1,2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![0-9a-z]|[:-][0-9a-f])/gi;
/** systemd names interfaces by their MAC: `enx525400123502`. */
const MAC_IN_NAME = /(?<=\b(?:en|wl|ww)x)[0-9a-f]{12}(?![0-9a-z])/gi;
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)/g;
/** Whatever could be one; `isIPv6` decides. */
const IPV6 = /(?<![0-9a-z:.])[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*/gi;

/** Addresses that tell nothing about anybody. */
const HARMLESS = new Set([
  ...['0.0.0.0', '127.0.0.1', '255.255.255.255', '::', '::1'],
  ...['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'],
]);

/**
 * A text in which each MAC and IP address has become `<mac-1>`, `<ip-1>`, …, the same one always the same; those in `keep` (the
 * gateway's) and those that are nobody's (0.0.0.0, loopback, broadcast) stay. Takes too much rather than too little: a version
 * number of four parts looks like an address and goes.
 */
export function redact(text: string, keep: readonly string[]): string {
  const kept = new Set([...HARMLESS, ...keep.map((address) => address.toLowerCase())]);
  const names = new Map<string, string>();
  const counts = { mac: 0, ip: 0 };
  const nameOf = (kind: 'mac' | 'ip', address: string): string => {
    const key = `${kind} ${address}`;
    const known = names.get(key);
    if (known !== undefined) return known;
    counts[kind] += 1;
    const name = `<${kind}-${counts[kind]}>`;
    names.set(key, name);
    return name;
  };
  const replaceMac = (found: string): string => {
    const bare = found
      .toLowerCase()
      .replace(/\b[0-9a-f]\b/g, '0$&')
      .replace(/[^0-9a-f]/g, '');
    const canonical = bare.match(/../g)?.join(':') ?? bare;
    return kept.has(canonical) ? found : nameOf('mac', canonical);
  };
  const replaceIpv6 = (found: string): string => {
    // A sentence may go on right behind it: `fe80::1:` and `fe80::1.`
    for (let end = found.length; end > 1; end -= 1) {
      const address = found.slice(0, end).toLowerCase();
      if (!isIPv6(address)) continue;
      const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
      return (kept.has(canonical) ? address : nameOf('ip', canonical)) + found.slice(end);
    }
    return found;
  };
  return text
    .replace(MAC, replaceMac)
    .replace(MAC_IN_NAME, replaceMac)
    .replace(IPV6, replaceIpv6)
    .replace(IPV4, (found) => (kept.has(found) ? found : nameOf('ip', found)));
}
