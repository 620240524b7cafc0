import type { Image } from './image.ts';

/** What is at the other end of the guest's network cards: a tap device each, in a network namespace of its own. */
export const NETWORKS = {
  eth0: {
    tap: 'tap0',
    mac: '02:00:00:00:77:01',
    gateway: '10.77.0.1',
    guest: '10.77.0.2',
    guestMac: '52:54:00:77:00:10',
  },
  eth1: {
    tap: 'tap1',
    mac: '02:00:00:00:77:02',
    gateway: '10.77.1.1',
    guest: '10.77.1.2',
    guestMac: '52:54:00:77:01:10',
  },
} as const;

export interface Files {
  readonly image: Image;
  readonly overlay: string;
  /** The host folder that the guest mounts, writable, at /share. */
  readonly share: string;
  /** Unix sockets that qemu makes: the agent's port, and qemu's own machine protocol. */
  readonly agent: string;
  readonly monitor: string;
  /** What the guest's kernel and systemd say while it boots. */
  readonly console: string;
}

const QUEUES = 8;

/**
 * The arguments of qemu-system-x86_64: 8 CPUs on 2 NUMA nodes; eth0 is virtio on node 1, eth1 vmxnet3 on node 0, each with 8
 * queues. A vmxnet3 has its interrupts only while the interface is up, as most cards in servers.
 */
export function qemuArguments({ image, overlay, share, agent, monitor, console }: Files): string[] {
  return [
    ['-machine', 'q35'],
    // No hardware virtualisation: it is missing, or there and broken, on many build machines.
    ['-accel', 'tcg,thread=single'],
    // Interrupt remapping is for Intel CPUs; with it an affinity takes effect at once, as on today's servers.
    ['-cpu', 'max,vendor=GenuineIntel'],
    ['-device', 'intel-iommu,intremap=on'],
    ['-smp', '8,sockets=2,cores=4,threads=1'],
    ['-m', '3072M'],
    ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ['-qmp', `unix:${monitor},server=on,wait=off`],
    ['-serial', `file:${console}`],
    ['-kernel', image.kernel, '-initrd', image.initrd],
    [
      '-append',
      'root=/dev/vda rw console=ttyS0 quiet panic=-1 mitigations=off no_timer_check audit=0 net.ifnames=0 systemd.show_status=1',
    ],
    ...[0, 1].flatMap((node) => [
      ['-object', `memory-backend-ram,id=memory${node},size=1536M`],
      ['-numa', `node,nodeid=${node},cpus=${4 * node}-${4 * node + 3},memdev=memory${node}`],
      ['-device', `pxb-pcie,id=node${node},bus=pcie.0,bus_nr=${64 * (node + 1)},numa_node=${node}`],
      ['-device', `pcie-root-port,id=port${node},bus=node${node},chassis=${node + 1},slot=${node + 1}`],
    ]),
    // Unsafe: what a crash of this machine would lose is lost anyway.
    ['-drive', `if=none,id=disk,file=${overlay},format=qcow2,cache=unsafe`],
    ['-device', 'virtio-blk-pci,bus=pcie.0,drive=disk,num-queues=1'],
    ['-fsdev', `local,id=share,path=${share},security_model=none,multidevs=remap`],
    ['-device', 'virtio-9p-pci,bus=pcie.0,fsdev=share,mount_tag=share'],
    ['-chardev', `socket,id=agent,path=${agent},server=on,wait=off`],
    ['-device', 'virtio-serial-pci,bus=pcie.0'],
    ['-device', 'virtserialport,chardev=agent,name=agent'],
    ['-device', 'virtio-rng-pci,bus=pcie.0'],
    ['-netdev', `tap,id=net0,ifname=${NETWORKS.eth0.tap},queues=${QUEUES},script=no,downscript=no`],
    [
      '-device',
      `virtio-net-pci,id=nic0,bus=port1,netdev=net0,mq=on,vectors=${2 * QUEUES + 2},romfile=,mac=${NETWORKS.eth0.guestMac}`,
    ],
    ['-netdev', `tap,id=net1,ifname=${NETWORKS.eth1.tap},queues=${QUEUES},script=no,downscript=no`],
    ['-device', `vmxnet3,id=nic1,bus=port0,netdev=net1,romfile=,mac=${NETWORKS.eth1.guestMac}`],
  ].flat();
}
