import { ok, skipped, warn, type Check } from '../types.ts';

const STRICT = 1;

export const rpFilter: Check = {
  id: 'rp-filter',
  group: 'gateway',
  purpose: 'the kernel does not drop packets that come in on another interface than answers leave by',
  look: (host) => {
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
  },
};
