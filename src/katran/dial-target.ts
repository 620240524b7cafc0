import { Failure } from '../failure.ts';
import { parseHostPort } from '../linux/host-port.ts';
import { isIpv4, isIpv6 } from '../linux/ip-address.ts';

/**
 * The gRPC target to dial for an address katran listens on (`-server`): a wildcard becomes its loopback address,
 * IP addresses skip name resolution. Throws Failure when the text is no `host:port`, `[IPv6]:port` or `unix:/path`.
 */
export function dialTarget(address: string): string {
  if (/^unix:./.test(address)) return address;
  const parsed = parseHostPort(address);
  if (parsed === undefined) throw unusable(address);
  const { host, port, bracketed } = parsed;
  if (bracketed) {
    if (!isIpv6(host)) throw unusable(address);
    return `ipv6:[${isUnspecified(host) ? '::1' : host}]:${port}`;
  }
  if (isIpv4(host)) return `ipv4:${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  return `dns:${host}:${port}`;
}

function isUnspecified(ipv6: string): boolean {
  return /^[0:]+$/.test(ipv6);
}

function unusable(address: string): Failure {
  return new Failure(`cannot dial katran at '${address}'`, {
    remedy: 'give -server as HOST:PORT or [IPv6]:PORT with a port of 1-65535',
  });
}
