import { Failure, messageOf } from '../../failure.ts';
import { listNetDevices } from '../../linux/net-device.ts';
import { fail, ok, type Check } from '../types.ts';

export const interfaceExists: Check = {
  id: 'interface',
  group: 'NIC',
  purpose: "there is an interface for katran's XDP program",
  look: (host) => {
    try {
      const name = host.chooseInterface();
      const why = name === host.options.intf ? '' : " (the default route's; -intf is not given)";
      return ok(`${name}${why}`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const physical = listNetDevices(host.root).filter((name) =>
        host.root.exists(`/sys/class/net/${name}/device`),
      );
      return fail(
        messageOf(error).replace(/; choose one with -intf$/, ''),
        'katran aborts (SIGABRT) without it, and nothing else about the NIC can be checked',
        `name the interface: -intf ${physical[0] ?? 'NAME'}`,
      );
    }
  },
};
