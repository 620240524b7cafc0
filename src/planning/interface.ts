import type { Options } from '../cli/options.ts';
import { Failure } from '../failure.ts';
import { defaultIpv6Routes, readIpv6Routes } from '../linux/ipv6-route.ts';
import { listNetDevices } from '../linux/net-device.ts';
import { defaultRoutes, readRoutes } from '../linux/net-route.ts';
import type { Root } from '../linux/root.ts';
import type { Log } from '../log/log.ts';

/**
 * The interface katran gets: `-intf`; not given and the default enp0s3 absent: the default route's (IPv4 before IPv6), with a log line.
 * Throws Failure that lists the interfaces there are when it does not exist.
 */
export function chooseInterface(options: Pick<Options, 'intf' | 'given'>, root: Root, log: Log): string {
  const present = listNetDevices(root);
  if (present.includes(options.intf)) return options.intf;
  const absent = `interface ${options.intf} does not exist; there are ${present.join(', ') || 'none'}`;
  if (options.given.has('intf')) throw new Failure(absent, { remedy: 'choose one with -intf' });
  const [route] = [...defaultRoutes(readRoutes(root)), ...defaultIpv6Routes(readIpv6Routes(root))];
  const routed = route?.interface;
  if (routed === undefined || !present.includes(routed)) {
    throw new Failure(`${absent}, and there is no default route to take one from`, {
      remedy: 'choose one with -intf',
    });
  }
  log.info(
    `${options.intf} is absent and -intf is not given: using ${routed}, the default route's interface`,
  );
  return routed;
}
