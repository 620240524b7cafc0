import { Failure } from '../../failure.ts';
import { listNetDevices, readNetDevice } from '../../linux/net-device.ts';
import { readLink } from '../../tools/ip.ts';
import { readQdiscKinds } from '../../tools/tc.ts';
import { examineObject } from '../bpf-object.ts';
import type { Host } from '../host.ts';
import { type Check, type Examine, fail, type Finding, groupOf, ok, skipped, warn } from '../types.ts';

/** Why the checks of this group are skipped, said once for all of them. */
const NO_HEALTHCHECK = '-enable_hc is not given';

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

async function examineTunnel(host: Host, name: string, type: keyof typeof TUNNEL_TYPES): Promise<Finding> {
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

/** Skipped unless healthchecking is wanted. */
const withHealthcheck =
  (examine: Examine): Examine =>
  (host) =>
    host.options.enable_hc ? examine(host) : skipped(NO_HEALTHCHECK);

/** One tunnel; `flag` names its interface. */
const tunnel = (flag: 'ipip_intf' | 'ipip6_intf', type: keyof typeof TUNNEL_TYPES): Examine =>
  withHealthcheck((host) => examineTunnel(host, host.options[flag], type));

const healthcheckObject = withHealthcheck(({ options: { hc_bpf: file } }) => {
  if (file === '') return fail('-hc_bpf is not given', 'with -enable_hc katran needs it', '-hc_bpf FILE');
  return examineObject(file, '-hc_bpf');
});

const clsact = withHealthcheck(async (host) => {
  const name = host.options.hc_intf ?? host.interfaceName();
  const kinds = await readQdiscKinds(host.tools, name);
  // katran makes what is missing before it adds its filter.
  return ok(kinds.includes('clsact') ? `on ${name}` : `none on ${name}; katran adds it`);
});

const actGact = withHealthcheck((host) => {
  const { root } = host;
  if (root.exists('/sys/module/act_gact')) return ok('loaded');
  const directory = `/lib/modules/${host.kernel().text}`;
  const [builtIn, loadable] = ['modules.builtin', 'modules.dep'].map((name) =>
    root.readIfPresent(`${directory}/${name}`),
  );
  if (builtIn?.includes('/act_gact.ko') === true) return ok('built into the kernel');
  if (loadable?.includes('/act_gact.ko') === true) return ok('a module, loaded when it is asked for');
  if (builtIn === undefined && loadable === undefined)
    return skipped(`there is no ${directory} to look for it`);
  return fail(
    'this kernel has no act_gact',
    "katran's filter needs that action of tc: it cannot attach the healthchecking program",
    'boot a kernel with CONFIG_NET_ACT_GACT',
  );
});

export const healthcheckChecks: readonly Check[] = groupOf('healthcheck', {
  'hc-bpf': ['the file with the healthchecking program can be loaded', healthcheckObject],
  ipip: ['healthchecks for IPv4 reals go through a tunnel (ipip)', tunnel('ipip_intf', 'ipip')],
  ipip6: ['healthchecks for IPv6 reals go through a tunnel (ip6tnl)', tunnel('ipip6_intf', 'ip6tnl')],
  'act-gact': ["the kernel has the action that katran's filter ends with (act_gact)", actGact],
  clsact: ['the healthchecking program can be attached where packets leave', clsact],
});
