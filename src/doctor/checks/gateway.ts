import { Failure } from '../../failure.ts';
import { defaultRoutes, readRoutes } from '../../linux/net-route.ts';
import { firstFew } from '../../terminal/first-few.ts';
import { readRules } from '../../tools/ip.ts';
import type { Host } from '../host.ts';
import type { NextHop, Sighting } from '../../gateway/types.ts';
import { type Check, type Examine, fail, type Finding, groupOf, ok, skipped, warn } from '../types.ts';

const nextHop: Examine = async (host) => {
  const { hop } = await host.gateway();
  if (hop === null) {
    if (host.options.default_mac !== undefined) return ok('no default route, but -default_mac is given');
    return fail(
      'no default route',
      'katran would not know where to send packets, so it is not started',
      `ip route add default via ROUTER dev ${host.interfaceName()}, or give -gateway or -default_mac`,
    );
  }
  const found = `${hop.address} on ${hop.interface} (${hop.reason})`;
  const [warning] = hop.warnings;
  if (warning === undefined) return ok(found);
  return warn(found, warning.message, `name the router on ${host.interfaceName()}: -gateway ADDRESS`);
};

/** A doctor sends nothing: where the kernel was never asked, it has no answer. */
function withoutMac({ trouble, seen }: Sighting, hop: NextHop): Finding {
  const ask = `ping -c1 -I ${hop.interface} ${hop.address}`;
  if (seen.includes('incomplete') || trouble === 'unusable')
    return fail(
      `${hop.address}: ${seen}`,
      trouble === 'unusable'
        ? 'packets sent there are lost'
        : 'the router does not answer on this link: nothing can be forwarded',
      `${ask}; then: ip neigh show ${hop.address}`,
    );
  return warn(
    `${hop.address}: ${seen}`,
    'nobody has asked for it yet (doctor sends nothing); a launch asks, and fails if there is no answer',
    ask,
  );
}

const gatewayMac: Examine = async (host) => {
  const sighting = await host.gateway();
  const { hop, mac } = sighting;
  const given = host.options.default_mac;
  if (given !== undefined) {
    if (hop === null || mac === null)
      return ok(`-default_mac ${given}; the tables have nothing to compare it with`);
    if (mac === given) return ok(`-default_mac ${given}, as ${hop.address} has it`);
    return warn(
      `-default_mac ${given}, but ${hop.address} has ${mac}`,
      'if that is not a router too, everything katran forwards is lost',
      `drop -default_mac, or -default_mac ${mac}`,
    );
  }
  if (hop === null) return skipped('there is no next hop');
  return mac === null ? withoutMac(sighting, hop) : ok(`${mac} on ${hop.interface}`);
};

const STRICT = 1;
/** Routes and rules named one by one before the rest is only counted. */
const NAMED = 3;

const rpFilter: Examine = (host) => {
  const setting = (name: string): number | undefined => {
    const text = host.root.readIfPresent(`/proc/sys/net/ipv4/conf/${name}/rp_filter`);
    return text === undefined ? undefined : Number(text);
  };
  const names = [host.interfaceName(), ...(host.options.enable_hc ? [host.options.ipip_intf] : [])];
  const known = names.flatMap((name) => setting(name) ?? []);
  if (known.length === 0) return skipped('there is no rp_filter in /proc/sys/net/ipv4/conf');
  const all = setting('all') ?? 0;
  // The kernel takes the larger of the two (Documentation/networking/ip-sysctl.rst).
  const strict = names.filter((name) => Math.max(all, setting(name) ?? 0) === STRICT);
  if (strict.length === 0) return ok(`not strict on ${names.join(', ')}`);
  return warn(
    `strict (1) on ${strict.join(', ')}`,
    'what XDP passes on (BGP, ssh, tunnels) is dropped without a trace when its way back is another',
    ['all', ...strict].map((name) => `sysctl -w net.ipv4.conf.${name}.rp_filter=2`).join(' && '),
  );
};

/** Tables that every host has rules for: local, main, default. */
const USUAL_TABLES = new Set(['local', 'main', 'default', '255', '254', '253']);

/** Rules that send some packets by another table; none where `ip` cannot be asked. */
async function policyRules(host: Host): Promise<string[]> {
  try {
    return (await readRules(host.tools)).flatMap(({ priority, table }) =>
      table === null || USUAL_TABLES.has(table) ? [] : [`rule ${priority} to table ${table}`],
    );
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

const oneRouter: Examine = async (host) => {
  const { default_mac: given, gateway: named } = host.options;
  const routers = [
    ...new Set(
      defaultRoutes(readRoutes(host.root)).map(({ gateway, interface: device }) => `${gateway} on ${device}`),
    ),
  ];
  const rules = await policyRules(host);
  if (routers.length < 2 && rules.length === 0) return ok('one default route at most, and no policy rules');
  const found = [
    ...(routers.length < 2 ? [] : [`${routers.length} default routes: ${firstFew(routers, NAMED)}`]),
    ...(rules.length === 0 ? [] : [`policy rules: ${firstFew(rules, NAMED)}`]),
  ].join('; ');
  if (given !== undefined || named !== undefined)
    return ok(`${found}; the router is named, so they do not matter`);
  return warn(
    found,
    'katran knows one next hop and asks no rule: all it forwards goes to the router of the check next-hop',
    'if that is not the right one for reals: -gateway ADDRESS',
  );
};

export const gatewayChecks: readonly Check[] = groupOf('gateway', {
  'next-hop': ['all that katran forwards goes to one router, which is known', nextHop],
  'one-router': ['the host has one way out, as katran has', oneRouter],
  'gateway-mac': ['the MAC of the router is known, and is the one katran gets', gatewayMac],
  'rp-filter': [
    'the kernel does not drop packets that come in on another interface than answers leave by',
    rpFilter,
  ],
});
