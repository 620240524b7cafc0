import type { Host } from '../host.ts';
import { fail, ok, warn, type Check, type Finding } from '../types.ts';

const MODES = {
  native: 'driver mode',
  generic: 'generic mode',
  offloaded: 'offloaded to the NIC',
  several: 'several modes',
} as const;

function nothingAttached(host: Host, name: string): Finding {
  const shared = host.options.map_path !== '';
  if (!shared) return ok(`none on ${name}; katran will attach its own`);
  return fail(
    `none on ${name}`,
    'shared mode: without the root program no packet reaches katran',
    `attach the root program: ip link set dev ${name} xdpdrv object FILE section SECTION`,
  );
}

export const xdpProgram: Check = {
  id: 'xdp-program',
  group: 'BPF',
  purpose: 'the XDP programs on the interface are those that should be there',
  look: async (host) => {
    const name = host.interfaceName();
    const { xdp } = await host.link();
    if (xdp === null) return nothingAttached(host, name);
    const found =
      `program ${xdp.name ?? ''}${xdp.id === null ? '' : ` (id ${xdp.id})`} on ${name}, ${MODES[xdp.mode]}`.replaceAll(
        '  ',
        ' ',
      );
    if (xdp.mode === 'generic')
      return warn(
        found,
        'after the driver, on full socket buffers: several times slower than driver mode',
        `see driver, mtu and lro above; then: ip link set dev ${name} xdpgeneric off`,
      );
    const katranRuns = host.root.exists('/proc/net/tcp') && host.listeners().length > 0;
    if (host.options.map_path !== '' || katranRuns) return ok(found);
    return warn(
      found,
      `nobody listens on ${host.endpoint.address}: a killed katran leaves its program behind, and it forwards by old tables; ` +
        'a new katran replaces it',
      `if it belongs to nobody: ip link set dev ${name} xdp off`,
    );
  },
};
