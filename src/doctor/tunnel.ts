import { Failure } from '../failure.ts';
import { listNetDevices, readNetDevice } from '../linux/net-device.ts';
import { NO_HEALTHCHECK } from './healthcheck.ts';
import type { Host } from './host.ts';
import { readLink } from '../tools/ip.ts';
import { fail, ok, skipped, warn, type Check, type Finding } from './types.ts';

/** ARPHRD_* of include/uapi/linux/if_arp.h, in /sys/class/net/IF/type. */
const TUNNEL_TYPES = { ipip: 768, ip6tnl: 769 } as const;

async function isExternal(host: Host, name: string): Promise<boolean | undefined> {
  try {
    return (await readLink(host.tools, name)).external;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function lookAt(host: Host, name: string, type: keyof typeof TUNNEL_TYPES): Promise<Finding> {
  const create = `ip link add name ${name} type ${type} external && ip link set ${name} up`;
  if (!listNetDevices(host.root).includes(name))
    return fail(
      `${name} does not exist`,
      'katran aborts (SIGABRT) without it when healthchecking is on',
      create,
    );
  const again = `ip link del ${name} && ${create}`;
  const typeNumber = Number(host.root.readIfPresent(`/sys/class/net/${name}/type`) ?? TUNNEL_TYPES[type]);
  if (typeNumber !== TUNNEL_TYPES[type])
    return fail(`${name} is no ${type} tunnel`, 'healthchecks leave without the right encapsulation', again);
  if (!readNetDevice(host.root, name).up)
    return fail(`${name} is down`, 'healthchecks are dropped: all reals look dead', `ip link set ${name} up`);
  const external = await isExternal(host, name);
  if (external === false)
    return warn(
      `${name} is up, but not external`,
      "it has one fixed destination instead of each real's",
      again,
    );
  return ok(`${name} up${external === true ? ', external' : ''}`);
}

/** The check of one tunnel; `flag` names its interface. */
export const tunnelCheck = (
  id: string,
  flag: 'ipip_intf' | 'ipip6_intf',
  type: keyof typeof TUNNEL_TYPES,
): Check => ({
  id,
  group: 'healthcheck',
  purpose: `healthchecks reach the reals through a tunnel (${type})`,
  look: (host) => (host.options.enable_hc ? lookAt(host, host.options[flag], type) : skipped(NO_HEALTHCHECK)),
});
