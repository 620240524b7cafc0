import * as v from 'valibot';
import { Failure } from '../../failure.ts';
import { flagBits, flagNames, REAL_FLAGS, VIP_FLAGS } from './flags.ts';
import { whereJsonEnds } from './json-place.ts';
import { canonicalAddress, ordered } from './order.ts';
import { MOST_REALS, MOST_VIPS, protocolName, vipName, type Services } from './types.ts';

/** The version of the format; a file of another one is refused. */
const VERSION = 1;

const MOST_INT32 = 2 ** 31 - 1;

/** Katran passes over a greater one and reports success. */
const MOST_QUIC_ID = 2 ** 24 - 2;

const whole = (least: number, most: number): v.GenericSchema<number> =>
  v.pipe(
    v.number(`is no number from ${least} to ${most}`),
    v.check(
      (n) => Number.isInteger(n) && n >= least && n <= most,
      ({ input }) => `is ${String(input)}, and must be a whole number from ${least} to ${most}`,
    ),
    v.metadata({ minimum: least, maximum: most }),
  );

const address = v.pipe(
  v.string('is no IPv4 or IPv6 address'),
  v.check(
    (text) => canonicalAddress(text) !== undefined,
    ({ input }) => `is ${JSON.stringify(input)}, which is no IPv4 or IPv6 address`,
  ),
);

const flags = (known: Readonly<Record<string, number>>): v.GenericSchema<(string | number)[] | undefined> =>
  v.optional(
    v.array(
      v.union(
        [v.picklist(Object.keys(known)), whole(1, MOST_INT32)],
        `is no flag; the flags are ${Object.keys(known).join(', ')}, and numbers for other bits`,
      ),
      'is no list of flags',
    ),
  );

const real = v.strictObject(
  { address, weight: whole(0, MOST_INT32), flags: flags(REAL_FLAGS) },
  objectTrouble('a real with address and weight'),
);

const vip = v.strictObject(
  {
    address,
    port: whole(0, 65535),
    protocol: v.union(
      [v.picklist(['tcp', 'udp']), whole(0, 255)],
      'is neither tcp nor udp nor the number of a protocol (0 to 255)',
    ),
    flags: flags(VIP_FLAGS),
    reals: v.optional(v.array(real, 'is no list of reals')),
  },
  objectTrouble('a VIP with address, port and protocol'),
);

const quic = v.strictObject(
  { address, id: whole(0, MOST_QUIC_ID) },
  objectTrouble('a QUIC id with its address'),
);

const healthcheck = v.strictObject(
  { somark: whole(0, 2 ** 32 - 1), address },
  objectTrouble('a mark with its address'),
);

/** The file of `-services`, as people write it. The JSON Schema in the package is made from this. */
export const SERVICES_SCHEMA = v.strictObject(
  {
    $schema: v.optional(v.string('is no text')),
    version: v.literal(VERSION, `is another version of this format than ${VERSION}`),
    vips: v.optional(v.array(vip, 'is no list of VIPs')),
    quic: v.optional(v.array(quic, 'is no list of QUIC ids')),
    healthchecks: v.optional(v.array(healthcheck, 'is no list of healthchecks')),
  },
  objectTrouble('an object with version and vips'),
);

function objectTrouble(what: string): (issue: v.StrictObjectIssue) => string {
  return ({ expected, received }) => {
    if (expected === 'never') return 'is nothing that is known here; check its spelling';
    return received === 'undefined' ? 'is missing' : `is not ${what}`;
  };
}

/** `vips[3].reals[0].weight`. */
function placeOf(path: readonly { readonly key: unknown }[] | undefined): string {
  return (path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

/** The first thing wrong with a list in which nothing may stand twice. */
function twice<T>(
  list: readonly T[],
  place: (index: number) => string,
  name: (entry: T) => string,
): string | undefined {
  const first = new Map<string, number>();
  for (const [index, entry] of list.entries()) {
    const before = first.get(name(entry));
    if (before !== undefined) return `${place(index)}: ${name(entry)} is there already, as ${place(before)}`;
    first.set(name(entry), index);
  }
  return undefined;
}

/** What the pieces are right in themselves and wrong together; undefined when nothing is. */
function contradiction({ vips, quic: ids, healthchecks }: Services): string | undefined {
  const found =
    twice(vips, (i) => `vips[${i}]`, vipName) ??
    twice(
      ids,
      (i) => `quic[${i}]`,
      ({ id }) => `id ${id}`,
    ) ??
    twice(
      healthchecks,
      (i) => `healthchecks[${i}]`,
      ({ somark }) => `somark ${somark}`,
    );
  if (found !== undefined) return found;
  for (const [index, { reals }] of vips.entries()) {
    const again = twice(
      reals,
      (i) => `vips[${index}].reals[${i}]`,
      (one) => one.address,
    );
    if (again !== undefined) return again;
  }
  if (vips.length > MOST_VIPS) return `vips: there are ${vips.length}, and katran has room for ${MOST_VIPS}`;
  const addresses = new Set([...vips.flatMap(({ reals }) => reals), ...ids].map((one) => one.address));
  if (addresses.size > MOST_REALS)
    return `vips: they have ${addresses.size} different reals, and katran has room for ${MOST_REALS}`;
  return undefined;
}

const canonical = (text: string): string => canonicalAddress(text) ?? text;

/**
 * The services in the text of a file, in the one order. Throws Failure, which names the file and the place in it
 * (`vips[3].reals[0].weight: …`), for whatever katran could not take or would take silently and not do.
 */
export function parseServices(text: string, file: string): Services {
  const refuse = (trouble: string): Failure => new Failure(`${file} is no file of services: ${trouble}`);
  const json = text.replace(/^\uFEFF/, '');
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    throw refuse(`no JSON from ${whereJsonEnds(json)}`);
  }
  const checked = v.safeParse(SERVICES_SCHEMA, document, { abortPipeEarly: true });
  if (!checked.success) {
    const [issue] = checked.issues;
    const place = placeOf(issue.path);
    throw refuse(place === '' ? `it ${issue.message}` : `${place}: ${issue.message}`);
  }
  const { vips = [], quic: ids = [], healthchecks = [] } = checked.output;
  const services: Services = {
    vips: vips.map((one) => ({
      address: canonical(one.address),
      port: one.port,
      protocol: one.protocol === 'tcp' ? 6 : one.protocol === 'udp' ? 17 : one.protocol,
      flags: flagBits(one.flags ?? [], VIP_FLAGS) ?? 0,
      reals: (one.reals ?? []).map((each) => ({
        address: canonical(each.address),
        weight: each.weight,
        flags: flagBits(each.flags ?? [], REAL_FLAGS) ?? 0,
      })),
    })),
    quic: ids.map((one) => ({ address: canonical(one.address), id: one.id })),
    healthchecks: healthchecks.map((one) => ({ somark: one.somark, address: canonical(one.address) })),
  };
  const trouble = contradiction(services);
  if (trouble !== undefined) throw refuse(trouble);
  return ordered(services);
}

/** One entry on one line: `{"address": "10.0.0.1", "weight": 10, "flags": []}`. */
function line(entry: object): string {
  const fields = Object.entries(entry).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return `{${fields.join(', ')}}`;
}

/** A list with an entry a line, indented by so many spaces. */
function block(lines: readonly string[], indent: number): string {
  if (lines.length === 0) return '[]';
  const space = ' '.repeat(indent);
  return `[\n${lines.map((entry) => `${space}  ${entry}`).join(',\n')}\n${space}]`;
}

function protocolField(protocol: number): string | number {
  const name = protocolName(protocol);
  return /^\d/.test(name) ? protocol : name;
}

/** The services as the text of a file: one order for the same content, an entry a line. Ends with a line feed. */
export function formatServices(services: Services): string {
  const { vips, quic: ids, healthchecks } = ordered(services);
  const vipLines = vips.map(({ address: at, port, protocol, flags: bits, reals }) => {
    const head = { address: at, port, protocol: protocolField(protocol), flags: flagNames(bits, VIP_FLAGS) };
    const list = reals.map((one) =>
      line({ address: one.address, weight: one.weight, flags: flagNames(one.flags, REAL_FLAGS) }),
    );
    return `${line(head).slice(0, -1)}, "reals": ${block(list, 4)}}`;
  });
  return [
    '{',
    `  "version": ${VERSION},`,
    `  "vips": ${block(vipLines, 2)},`,
    `  "quic": ${block(
      ids.map((one) => line({ address: one.address, id: one.id })),
      2,
    )},`,
    `  "healthchecks": ${block(
      healthchecks.map((one) => line({ somark: one.somark, address: one.address })),
      2,
    )}`,
    '}',
    '',
  ].join('\n');
}
