/** An address and port as a server is told them. */
export interface HostPort {
  /** A host name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** The host stood in brackets, as only IPv6 addresses do. */
  readonly bracketed: boolean;
}

/** Reads `HOST:PORT` and `[IPv6]:PORT`; undefined for anything else. Whether an address is one is not looked at. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, inBrackets, bare, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]\p{Cc}]+)):(\d{1,5})$/u.exec(text) ?? [];
  const host = inBrackets ?? bare;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65535) return undefined;
  return { host, port, bracketed: inBrackets !== undefined };
}
