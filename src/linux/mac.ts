const OCTETS = 6;
/** Six octets of one or two hex digits, one separator throughout; old katran releases end theirs with a colon. */
const SEPARATED = /^[0-9a-f]{1,2}(?:(?::[0-9a-f]{1,2}){5}:?|(?:-[0-9a-f]{1,2}){5})$/i;
/** `aabbccddeeff`, and `aabb.ccdd.eeff` as switches print it. */
const UNSEPARATED = /^(?:[0-9a-f]{12}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})$/i;
const ZERO = '00:00:00:00:00:00';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
/** The bit of the first octet that marks a group address. */
const GROUP_BIT = 0x01;

function octetsOf(text: string): string[] | undefined {
  if (UNSEPARATED.test(text)) return text.replaceAll('.', '').match(/../g) ?? undefined;
  return SEPARATED.test(text) ? text.split(/[:-]/).slice(0, OCTETS) : undefined;
}

/**
 * A MAC address in its one canonical form, lower case `aa:bb:cc:dd:ee:ff`, or undefined when the text is none.
 * Accepts upper case, dashes, single digits (`2:a:b:c:d:e`), no separators, `aabb.ccdd.eeff`, and one trailing colon,
 * as getMac of older katran releases gives it. Compare and send only what this returns: katran answers an
 * address it cannot read with success, and sets all zeros.
 */
export function parseMac(text: string): string | undefined {
  return octetsOf(text)
    ?.map((octet) => octet.padStart(2, '0').toLowerCase())
    .join(':');
}

/** What is wrong with a text as the MAC of a gateway, as the end of a sentence (`is all zeros`), or undefined. */
export function macProblem(text: string): string | undefined {
  const mac = parseMac(text);
  if (mac === undefined || text.endsWith(':')) return 'is not a MAC address of the form aa:bb:cc:dd:ee:ff';
  return unusableAsGateway(mac);
}

/** Why a canonical MAC cannot be a gateway's (packets sent to it go nowhere, or everywhere), or undefined when it can. */
export function unusableAsGateway(mac: string): string | undefined {
  if (mac === ZERO) return 'is all zeros';
  if (mac === BROADCAST) return 'is the broadcast address';
  if ((Number.parseInt(mac.slice(0, 2), 16) & GROUP_BIT) !== 0) return 'is a multicast address';
  return undefined;
}

/** True for a MAC that may be given to katran: one machine's, never all-zero, broadcast or multicast. */
export function isUsableGatewayMac(text: string): boolean {
  const mac = parseMac(text);
  return mac !== undefined && unusableAsGateway(mac) === undefined;
}
