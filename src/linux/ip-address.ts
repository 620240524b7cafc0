// Not isIP() and BlockList of node:net, which loads the runtime's whole network side for runs that need none of it.

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
/** Its characters, and a zone perhaps; whether they are in order is for URL to say. */
const IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*(?:%[0-9a-z.:-]+)?$/i;

/** Four decimal numbers, without leading zeros. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** An IPv6 address in any spelling, with a zone (`fe80::1%eth0`) or without. */
export function isIpv6(text: string): boolean {
  return IPV6.test(text) && URL.canParse(`http://[${text.replace(/%.*/, '')}]/`);
}

export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/** IPv6 as RFC 5952 writes it. The text must be an IPv6 address without a zone. */
export function canonicalIpv6(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** The 16-bit words of a canonical IPv6 address. */
export function wordsOfIpv6(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  if (tail === undefined) return words(head);
  const [front, back] = [words(head), words(tail)];
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function bitsOf(address: string): string {
  const numbers = isIpv4(address)
    ? address.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'))
    : wordsOfIpv6(address).map((word) => word.toString(2).padStart(16, '0'));
  return numbers.join('');
}

/** Whether an address is in a subnet; both are canonical. One of the other family is not. */
export function isInSubnet(address: string, subnet: string, prefixLength: number): boolean {
  const [bits, network] = [bitsOf(address), bitsOf(subnet)];
  return bits.length === network.length && bits.slice(0, prefixLength) === network.slice(0, prefixLength);
}
