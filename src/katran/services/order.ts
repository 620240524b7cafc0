import { canonicalIpv6, isIpv4, isIpv6, wordsOfIpv6 } from '../../linux/ip-address.ts';
import type { Services, VipKey } from './types.ts';

/** The one text of an IP address; undefined when it is none, or has a zone. */
export function canonicalAddress(text: string): string | undefined {
  if (isIpv4(text)) return text;
  return isIpv6(text) && !text.includes('%') ? canonicalIpv6(text) : undefined;
}

/** An address as bytes in hexadecimal, IPv4 before IPv6, so that 10.0.0.9 stands before 10.0.0.10. */
function sortKey(address: string): string {
  if (isIpv4(address))
    return `4${address
      .split('.')
      .map((byte) => byte.padStart(3, '0'))
      .join('')}`;
  return `6${wordsOfIpv6(address)
    .map((word) => word.toString(16).padStart(4, '0'))
    .join('')}`;
}

const byAddress = (one: { readonly address: string }, other: { readonly address: string }): number => {
  const [a, b] = [sortKey(one.address), sortKey(other.address)];
  return a < b ? -1 : a > b ? 1 : 0;
};

/** By address, port and protocol. */
export const byVip = (a: VipKey, b: VipKey): number =>
  byAddress(a, b) || a.port - b.port || a.protocol - b.protocol;

/** The same services in the one order: by address, port and protocol; reals by address. */
export function ordered({ vips, quic, healthchecks }: Services): Services {
  return {
    vips: vips.map((vip) => ({ ...vip, reals: vip.reals.toSorted(byAddress) })).sort(byVip),
    quic: quic.toSorted((a, b) => a.id - b.id || byAddress(a, b)),
    healthchecks: healthchecks.toSorted((a, b) => a.somark - b.somark || byAddress(a, b)),
  };
}
