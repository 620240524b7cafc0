import path from 'node:path';
import { Failure } from '../../failure.ts';
import { lookAhead } from '../../katran/program.ts';
import { RootArray } from '../../katran/root-array.ts';
import { findKatransOn } from '../../katran/find-katran.ts';
import { bpfMounts, isBelow } from '../../linux/mounts.ts';
import { type PinnedMap, readPinnedMap } from '../../tools/bpftool.ts';
import { examineObject } from '../bpf-object.ts';
import type { Host } from '../host.ts';
import { type Check, type Examine, fail, type Finding, groupOf, ok, skipped, warn } from '../types.ts';

const STANDALONE = 'no -map_path: standalone mode, katran attaches to the interface itself';
/** What bpftool says of the pinned map, undefined where it cannot be asked. */
async function pinned(host: Host): Promise<PinnedMap | undefined> {
  try {
    return await readPinnedMap(host.tools, host.options.map_path);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const bpfJit: Examine = ({ root }) => {
  const value = root.readIfPresent('/proc/sys/net/core/bpf_jit_enable')?.trim();
  if (value === undefined) return skipped('there is no /proc/sys/net/core/bpf_jit_enable');
  if (value === '1') return ok('net.core.bpf_jit_enable = 1');
  const fix = 'sysctl -w net.core.bpf_jit_enable=1 (and into /etc/sysctl.d/)';
  if (value === '2')
    return warn(
      'net.core.bpf_jit_enable = 2',
      'a debugging mode that writes every program to the kernel log',
      fix,
    );
  return fail(`net.core.bpf_jit_enable = ${value}`, 'every packet is interpreted: several times slower', fix);
};

const bpffs: Examine = ({ root, options }) => {
  const mounts = bpfMounts(root);
  const { map_path: mapPath } = options;
  if (mapPath === '')
    return ok(
      mounts.length === 0 ? 'none mounted; standalone mode needs none' : `mounted at ${mounts.join(', ')}`,
    );
  if (isBelow(path.resolve(mapPath), mounts)) return ok(`mounted at ${mounts.join(', ')}`);
  return fail(
    mounts.length === 0
      ? 'no BPF file system is mounted'
      : `mounted at ${mounts.join(', ')}, -map_path ${mapPath} is elsewhere`,
    'the root array of -map_path can only be pinned in one',
    mounts.length === 0
      ? 'mount -t bpf bpf /sys/fs/bpf'
      : `pin the root array below ${mounts[0] ?? '/sys/fs/bpf'}`,
  );
};

const mapPath: Examine = async (host) => {
  const file = host.options.map_path;
  if (file === '') return skipped(STANDALONE);
  if (!host.root.exists(path.resolve(file))) {
    // A BPF file system shows its files to root alone; for others this throws, and nothing is claimed.
    host.root.list(path.dirname(path.resolve(file)));
    return fail(
      `${file} does not exist`,
      'katran aborts (SIGABRT) without the root array; the root program must be attached and pinned first',
      `xdp root program: attach it to ${host.options.intf}, pin its array at ${file}`,
    );
  }
  const map = await pinned(host);
  if (map === undefined && host.options.handover)
    return fail(
      'there is no bpftool that could tell what it is',
      '-handover changes the root array with bpftool, and is refused without it',
      'install bpftool',
    );
  if (map === undefined) return ok(`${file} exists (no bpftool here to see what it is)`);
  if (map.type === 'prog_array') return ok(`${file}: prog_array with ${map.maxEntries} slots`);
  return fail(
    `${file} is a ${map.type}`,
    'it has to be the prog_array of the root program',
    'bpftool map show; then correct -map_path',
  );
};

/** The stock root program has slots 0-2. */
const STOCK_SLOTS = 3;

/** The position that is in the array, unless a program in an earlier slot gets the packets first. */
async function positionOk(host: Host, found: string): Promise<Finding> {
  const { map_path: file, map_pos: position } = host.options;
  const array = new RootArray(host.tools, file, position);
  try {
    const ahead = await lookAhead(host.tools, array, await array.programs());
    if (ahead === undefined) return ok(found);
    return warn(found, `${ahead.cost}: ${ahead.what}`, ahead.remedy);
  } catch (error) {
    if (error instanceof Failure) return ok(found);
    throw error;
  }
}

const mapPosition: Examine = async (host) => {
  const { map_path: file, map_pos: position, handover } = host.options;
  if (file === '') return skipped(STANDALONE);
  const slots = (await pinned(host))?.maxEntries;
  const last = (slots ?? STOCK_SLOTS) - 1;
  const array = slots === undefined ? 'the stock root array' : file;
  if (handover) {
    const both = `${position}, and ${position + 1} for the katran that is to follow`;
    if (position >= 0 && position < last) return positionOk(host, `${both}, of 0-${last} (${array})`);
    return fail(
      `${both}, but ${array} has slots 0-${last}`,
      '-handover needs both, and is refused without',
      `-map_pos ${Math.max(0, last - 1)}`,
    );
  }
  if (position >= 0 && position <= last) return positionOk(host, `${position} of 0-${last} (${array})`);
  return fail(
    `${position}, but ${array} has slots 0-${last}`,
    'katran aborts (SIGABRT) on a slot that is not there',
    `-map_pos ${last}`,
  );
};

const MODES = {
  native: 'driver mode',
  generic: 'generic mode',
  offloaded: 'offloaded to the NIC',
  several: 'several modes',
} as const;

function nothingAttached(host: Host, name: string): Finding {
  const shared = host.options.map_path !== '';
  if (!shared && findKatransOn(name).length > 0 && host.root.live)
    return fail(
      `none on ${name}, where katran runs`,
      'its program has been detached: it forwards nothing',
      'restart katran',
    );
  if (!shared) return ok(`none on ${name}; katran will attach its own`);
  return fail(
    `none on ${name}`,
    'shared mode: without the root program no packet reaches katran',
    `attach the root program: ip link set dev ${name} xdpdrv object FILE section SECTION`,
  );
}

const xdpProgram: Examine = async (host) => {
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
};

const balancerObject: Examine = ({ options: { balancer_bpf: file } }) =>
  file === ''
    ? skipped(
        '-balancer_bpf is not given; give doctor the flags of the launch, or put them into /etc/start-katran/flags',
      )
    : examineObject(file, '-balancer_bpf');

export const bpfChecks: readonly Check[] = groupOf('BPF', {
  'bpf-jit': ["katran's programs run as machine code", bpfJit],
  bpffs: ['there is a BPF file system to pin maps in (shared mode only)', bpffs],
  'map-path': ['the root array of shared mode is pinned where -map_path says', mapPath],
  'map-pos': ['katran has a slot in the root array', mapPosition],
  'xdp-program': ['the XDP programs on the interface are those that should be there', xdpProgram],
  'balancer-bpf': ["the file with katran's XDP program can be loaded", balancerObject],
});
