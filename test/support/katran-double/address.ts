import { isIPv4, isIPv6 } from 'node:net';

/**
 * The 4 or 16 bytes of an address in network order; undefined for what katran takes for no address: leading zeros, a
 * prefix length, spaces, a zone.
 */
export function addressBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [, start = text, mapped] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const [head = '', tail] = start.split('::');
  const last = mapped === undefined ? [] : Array.from(addressBytes(mapped) ?? []);
  const before = bytesOfGroups(head);
  const after = [...bytesOfGroups(tail ?? ''), ...last];
  if (tail === undefined) return Uint8Array.from([...before, ...after]);
  const gap = new Array<number>(16 - before.length - after.length).fill(0);
  return Uint8Array.from([...before, ...gap, ...after]);
}

function bytesOfGroups(text: string): number[] {
  const groups = text.split(':').filter((group) => group !== '');
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]);
}

/** The address as inet_ntop writes it; undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const bytes = addressBytes(text);
  if (bytes === undefined || bytes.length === 4) return bytes?.join('.');
  const mapped = bytes.slice(0, 12).every((byte, at) => byte === (at < 10 ? 0 : 0xff));
  if (mapped) return `::ffff:${bytes.slice(12).join('.')}`;
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}
