/** A guest computer: its CPUs, spread evenly over NUMA nodes, and its network interfaces in the order eth0, eth1, … */
export interface Machine {
  readonly name: string;
  readonly cpus: number;
  readonly nodes: number;
  readonly memoryMiB: number;
  readonly nics: readonly Nic[];
}

export interface Nic {
  readonly model: 'virtio-net-pci' | 'vmxnet3' | 'e1000e' | 'e1000';
  /** The NUMA node of its PCI bus; undefined: on the root bus, which belongs to none. */
  readonly node?: number;
  readonly queues?: number;
}

/** The guest's only neighbour: the host's end of the tap device behind eth0. */
export const GATEWAY = { address: '10.77.0.1', mac: '02:00:00:00:77:01', guest: '10.77.0.2' } as const;
const TAP = 'tap0';

/** The shell commands that make the network around the guest, in a network namespace of its own. */
export const NEIGHBOURHOOD = [
  'ip link set lo up',
  `ip tuntap add dev ${TAP} mode tap multi_queue`,
  `ip link set ${TAP} address ${GATEWAY.mac} up`,
  `ip addr add ${GATEWAY.address}/24 dev ${TAP}`,
].join(' && ');

export interface Files {
  readonly kernel: string;
  readonly initrd: string;
  /** The host folder that the guest mounts, writable, at /out. */
  readonly out: string;
}

/** The arguments of qemu-system-x86_64 for `machine`. */
export function qemuArguments(machine: Machine, files: Files): string[] {
  const perNode = machine.cpus / machine.nodes;
  return [
    ['-machine', 'q35'],
    // No hardware virtualisation: it is missing, or there and broken, on many build machines.
    ['-accel', 'tcg,thread=single'],
    // Interrupt remapping is for Intel CPUs; with it an affinity takes effect at once, as on today's servers.
    ['-cpu', 'max,vendor=GenuineIntel'],
    ['-device', 'intel-iommu,intremap=on'],
    ['-smp', `${machine.cpus},sockets=${machine.nodes},cores=${perNode},threads=1`],
    ['-m', `${machine.memoryMiB}M`],
    [
      '-nodefaults',
      '-no-user-config',
      '-no-reboot',
      '-display',
      'none',
      '-monitor',
      'none',
      '-serial',
      'stdio',
    ],
    ['-kernel', files.kernel, '-initrd', files.initrd],
    ['-append', 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check audit=0'],
    ...Array.from({ length: machine.nodes }, (_, node) => nodeArguments(machine, node)),
    share('root', '/', 'readonly=on,multidevs=remap'),
    share('out', files.out, 'multidevs=remap'),
    // A disk for its interrupts: one per queue, each managed by the kernel, so that nobody can change its affinity.
    ['-blockdev', 'driver=null-co,node-name=disk,size=16777216'],
    ['-device', 'nvme,bus=pcie.0,serial=guest,drive=disk'],
    ...machine.nics.map(nicArguments),
  ].flat();
}

/** Memory and CPUs of a NUMA node, and a PCI bus that belongs to it. */
function nodeArguments(machine: Machine, node: number): string[] {
  const perNode = machine.cpus / machine.nodes;
  const memory = machine.memoryMiB / machine.nodes;
  const cpus = `${node * perNode}-${(node + 1) * perNode - 1}`;
  return [
    ['-object', `memory-backend-ram,id=memory${node},size=${memory}M`],
    ['-numa', `node,nodeid=${node},cpus=${cpus},memdev=memory${node}`],
    ['-device', `pxb-pcie,id=node${node},bus=pcie.0,bus_nr=${64 * (node + 1)},numa_node=${node}`],
  ].flat();
}

function share(tag: string, path: string, options: string): string[] {
  return [
    ['-fsdev', `local,id=${tag},path=${path},security_model=none,${options}`],
    ['-device', `virtio-9p-pci,bus=pcie.0,fsdev=${tag},mount_tag=${tag}`],
  ].flat();
}

function nicArguments(nic: Nic, index: number): string[] {
  const mac = `52:54:00:77:00:${(16 + index).toString(16)}`;
  // Only eth0 has a network; the others have a plug with nothing behind it, which is enough for a link.
  const tap = `tap,id=net${index},ifname=${TAP},queues=${nic.queues ?? 1},script=no,downscript=no`;
  const network = index === 0 ? tap : `hubport,id=net${index},hubid=${index}`;
  const queues = nic.model === 'virtio-net-pci' ? `,mq=on,vectors=${2 * (nic.queues ?? 1) + 2}` : '';
  const port = `port${index}`;
  const onNode = nic.node !== undefined;
  return [
    ['-netdev', network],
    onNode
      ? ['-device', `pcie-root-port,id=${port},bus=node${nic.node},chassis=${index + 1},slot=${index + 1}`]
      : [],
    [
      '-device',
      `${nic.model},bus=${onNode ? port : 'pcie.0'},netdev=net${index},mac=${mac},romfile=${queues}`,
    ],
  ].flat();
}
