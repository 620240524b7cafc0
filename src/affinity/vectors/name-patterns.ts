import type { DriverNames } from './driver-names.ts';
import type { Role } from '../types.ts';

/** What the action name of a vector says about it. */
export interface NameReading {
  readonly role: Role;
  /** The number in the name, null where it has none. */
  readonly number: number | null;
  /** The interface, virtio device or vif that the name carries, null where it carries none. */
  readonly owner: string | null;
  /** The name is nothing but an interface name, so what it does depends on the others. */
  readonly plain: boolean;
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  // The kernel allows no '/', ':' or white space in an interface name; PCI addresses have colons, so the two never mix.
  if: '(?<owner>[^\\s/:]+)',
  vif: '(?<owner>vif\\d+)',
  virtio: '(?<owner>virtio\\d+)',
  pci: '(?:[0-9a-f]+:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]',
  n: '(?<number>\\d{1,9})',
  d: '\\d+',
  any: '.+',
};

function compile(name: string): RegExp {
  const source = name
    .split(/(\{[a-z]+\})/)
    .map((part) => {
      const placeholder = part.startsWith('{') ? PLACEHOLDERS[part.slice(1, -1)] : undefined;
      return placeholder ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`, 'i');
}

const PLAIN = compile('{if}');

/**
 * Gives a function that reads the action names of one driver's vectors; undefined for a name the driver is not known to
 * give. Where a name can be read in several ways (`a-tx-0`: transmit queue 0 of `a`, or channel 0 of `a-tx`), the reading
 * that carries the interface's present name wins, then the order control, transmit, receive.
 */
export function nameReader(
  names: DriverNames,
  interfaceName: string,
): (name: string) => NameReading | undefined {
  const rules: { pattern: RegExp; role: Role; plain: boolean }[] = [];
  const add = (role: Role, patterns: readonly string[]): void => {
    for (const pattern of patterns) rules.push({ pattern: compile(pattern), role, plain: false });
  };
  add('control', names.control);
  add('transmit', names.transmit);
  add('receive', names.receive);
  rules.push({ pattern: PLAIN, role: 'control', plain: true });

  return (name) => {
    let first: NameReading | undefined;
    for (const rule of rules) {
      const groups = rule.pattern.exec(name);
      if (groups === null) continue;
      const owner = groups.groups?.['owner'] ?? null;
      const number = groups.groups?.['number'];
      const reading = {
        role: rule.role,
        number: number === undefined ? null : Number(number),
        owner,
        plain: rule.plain,
      };
      if (owner === interfaceName) return reading;
      first ??= reading;
    }
    return first;
  };
}

const QUEUE_LIKE = /(?:^|[^a-z0-9])(?:tx-?rx|rx-?tx|rxq?|fp|comp|input|q)[-_.]?(?<number>\d{1,9})(?!\d)/i;
const TRANSMIT_LIKE = /(?:^|[^a-z0-9])(?:txq?|output)[-_.]?(?<number>\d{1,9})(?!\d)/i;

/** Reads the action name of a driver that is not in the table: a queue-like part receives, a `tx` part transmits. */
export function readUnknownName(name: string): NameReading {
  const receive = QUEUE_LIKE.exec(name);
  const match = receive ?? TRANSMIT_LIKE.exec(name);
  const number = match?.groups?.['number'];
  return {
    role: receive !== null ? 'receive' : match !== null ? 'transmit' : 'control',
    number: number === undefined ? null : Number(number),
    owner: null,
    plain: match === null && PLAIN.test(name),
  };
}
