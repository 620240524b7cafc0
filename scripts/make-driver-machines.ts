/**
 * Makes the folders of test/machines that nobody recorded: one for each way drivers name their interrupt vectors. What
 * each vector does is written here by hand, from the drivers' sources; the program under test has no part in it. After a
 * change: `node_modules/@oven/bun-linux-x64-baseline/bin/bun scripts/make-driver-machines.ts`, then
 * `python3 test/machines/expect.py`, and read the difference.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeMachine, type MadeNic } from '../test/support/made-machine.ts';

/**
 * Vectors, one a line, in IRQ order: what it does, its queue, its action name. `r0 name`: receives for queue 0; `t0`:
 * transmits; `c`: control; `x`: not this NIC's; `-`: allocated and never requested.
 */
interface Row extends Omit<MadeNic, 'name' | 'vectors'> {
  readonly folder: string;
  readonly note: string;
  readonly name?: string;
  readonly vectors: string;
  /** Codes of the warnings that finding the vectors gives. */
  readonly warnings?: readonly string[];
  /** A word of the error, where there is nothing to plan. */
  readonly error?: string;
  /** Another interface of the machine; with the same `pci`, another port of the device, with the same vectors. */
  readonly other?: Omit<Row, 'folder' | 'note' | 'other'>;
}

const ROWS: readonly Row[] = [
  {
    folder: '4-2-ixgbe',
    driver: 'ixgbe',
    note: 'eth10 begins with eth1',
    name: 'eth1',
    vectors: 'r0 eth1-TxRx-0\nr1 eth1-TxRx-1\nr2 eth1-TxRx-2\nr3 eth1-TxRx-3\nc eth1\n-',
    other: { name: 'eth10', driver: 'ixgbe', vectors: 'r0 eth10-TxRx-0\nr1 eth10-TxRx-1\nc eth10', node: 0 },
  },
  { folder: '4-2-ixgbe-msi', driver: 'ixgbe', note: 'one vector does everything', vectors: 'r0 eth0' },
  {
    folder: '4-2-ixgbevf-split',
    driver: 'ixgbevf',
    note: 'receive and transmit apart',
    vectors: 'r0 eth0-rx-0\nr1 eth0-rx-1\nt0 eth0-tx-0\nt1 eth0-tx-1\nt2 eth0-tx-2\nc eth0',
  },
  {
    folder: '4-2-i40e',
    driver: 'i40e',
    note: 'flow director names hold TxRx',
    vectors:
      'c i40e-0000:01:00.0:misc\nr0 i40e-eth0-TxRx-0\nr1 i40e-eth0-TxRx-1\nc i40e-0000:01:00.0:fdir-TxRx-0\nc i40e-0000:01:00.0:fdir-TxRx-1',
  },
  {
    folder: '4-2-iavf',
    driver: 'iavf',
    note: 'mailbox first; one queue split',
    vectors: 'c iavf-0000:01:00.0:mbx\nr0 iavf-eth0-TxRx-0\nr1 iavf-eth0-rx-1\nt1 iavf-eth0-tx-1',
  },
  {
    folder: '4-2-ice',
    driver: 'ice',
    note: 'control names hold TxRx; RDMA has vectors too',
    vectors:
      'c ice-0000:01:00.0:misc\nr0 ice-eth0-TxRx-0\nr1 ice-eth0-TxRx-1\nr2 ice-eth0-TxRx-2\nc ice-0000:01:00.0:ctrl-TxRx-0\nc ice-0000:01:00.0:ll_ts\nc irdma-ice0-CEQ-1\n-',
  },
  {
    folder: '4-2-igb',
    driver: 'igb',
    note: 'plain name first',
    vectors: 'c eth0\nr0 eth0-TxRx-0\nr1 eth0-TxRx-1\nc eth0-unused',
  },
  {
    folder: '4-2-igc-renamed',
    driver: 'igc',
    note: 'opened as eth0, called lan-rx-1 now',
    name: 'lan-rx-1',
    vectors: 'c eth0\nr0 eth0-rx-0\nr1 eth0-rx-1\nt0 eth0-tx-0\nt1 eth0-tx-1',
  },
  {
    folder: '4-2-e1000e',
    driver: 'e1000e',
    note: 'three vectors',
    vectors: 'r0 eth0-rx-0\nt0 eth0-tx-0\nc eth0',
  },
  {
    folder: '4-2-e1000e-long-name',
    driver: 'e1000e',
    note: 'a name of 11 characters leaves no room: receive, transmit, other, by IRQ',
    name: 'enp0s31f600',
    vectors: 'r0 enp0s31f600\nt0 enp0s31f600\nc enp0s31f600',
  },
  {
    folder: '4-2-e1000e-intx',
    driver: 'e1000e',
    note: 'one shared line',
    intx: true,
    sharedWith: ['ehci_hcd:usb1'],
    warnings: ['shared-irq'],
    vectors: 'r0 eth0',
  },
  {
    folder: '4-2-idpf',
    driver: 'idpf',
    note: 'mailbox; split',
    vectors: 'c idpf-Mailbox-0\nr0 idpf-eth0-TxRx-0\nr1 idpf-eth0-Rx-1\nt1 idpf-eth0-Tx-1',
  },
  {
    folder: '4-2-mlx4',
    driver: 'mlx4_core',
    note: 'no interface name; eth1 is the other port',
    vectors:
      'c mlx4-async@pci:0000:01:00.0\nr1 mlx4-1@0000:01:00.0\nr2 mlx4-2@0000:01:00.0\nr3 mlx4-3@0000:01:00.0',
    pci: '0000:01:00.0',
    warnings: ['shared-device'],
    other: {
      name: 'eth1',
      driver: 'mlx4_core',
      pci: '0000:01:00.0',
      vectors:
        'c mlx4-async@pci:0000:01:00.0\nr1 mlx4-1@0000:01:00.0\nr2 mlx4-2@0000:01:00.0\nr3 mlx4-3@0000:01:00.0',
      warnings: ['shared-device'],
    },
  },
  {
    folder: '4-2-mlx5',
    driver: 'mlx5_core',
    note: 'no interface name',
    vectors:
      'c mlx5_async0@pci:0000:01:00.0\nr0 mlx5_comp0@pci:0000:01:00.0\nr1 mlx5_comp1@pci:0000:01:00.0\nr2 mlx5_comp2@pci:0000:01:00.0\nr3 mlx5_comp3@pci:0000:01:00.0\nr4 mlx5_comp4@pci:0000:01:00.0',
  },
  {
    folder: '4-2-mlx5-combined',
    driver: 'mlx5_core',
    note: 'a subfunction with one vector for all',
    vectors: 'c mlx5_sf_ctrl0@pci:0000:01:00.0\nr0 mlx5_combined0@pci:0000:01:00.0',
  },
  {
    folder: '4-2-mlx5-old',
    driver: 'mlx5_core',
    note: 'names of older kernels',
    vectors:
      'c mlx5_pages_eq@pci:0000:01:00.0\nc mlx5_cmd_eq@pci:0000:01:00.0\nc mlx5_async_eq@pci:0000:01:00.0\nr0 mlx5_comp0@pci:0000:01:00.0\nr1 mlx5_comp1@pci:0000:01:00.0',
  },
  {
    folder: '4-2-bnxt_en',
    driver: 'bnxt_en',
    note: 'queue 10 comes after queue 2',
    vectors: 'r0 eth0-TxRx-0\nr10 eth0-TxRx-10\nr2 eth0-TxRx-2\nr1 eth0-rx-1\nt1 eth0-tx-1',
  },
  {
    folder: '4-2-ena-xdp',
    driver: 'ena',
    note: 'two channels; vectors 2 and 3 transmit for XDP',
    receiveQueues: 2,
    vectors:
      'c ena-mgmnt@pci:0000:01:00.0\nr0 eth0-Tx-Rx-0\nr1 eth0-Tx-Rx-1\nt2 eth0-Tx-Rx-2\nt3 eth0-Tx-Rx-3',
  },
  {
    folder: '4-2-gve',
    driver: 'gve',
    note: 'blocks: the lower half transmits',
    vectors:
      't0 gve-ntfy-blk0@pci:0000:01:00.0\nt1 gve-ntfy-blk1@pci:0000:01:00.0\nr0 gve-ntfy-blk2@pci:0000:01:00.0\nr1 gve-ntfy-blk3@pci:0000:01:00.0\nc gve-mgmnt@pci:0000:01:00.0',
  },
  {
    folder: '4-2-gve-old',
    driver: 'gve',
    note: 'names of older kernels',
    vectors:
      't0 eth0-ntfy-block.0\nt1 eth0-ntfy-block.1\nr0 eth0-ntfy-block.2\nr1 eth0-ntfy-block.3\nc eth0-mgmnt',
  },
  {
    folder: '4-2-mana',
    driver: 'mana',
    note: 'hardware channel first',
    vectors:
      'c mana_hwc@pci:0000:01:00.0\nr0 mana_q0@pci:0000:01:00.0\nr1 mana_q1@pci:0000:01:00.0\nr2 mana_q2@pci:0000:01:00.0\nr3 mana_q3@pci:0000:01:00.0',
  },
  {
    folder: '4-2-virtio_net',
    driver: 'virtio_net',
    note: 'virtio10 begins with virtio1',
    device: 'virtio1',
    vectors:
      'c virtio1-config\nr0 virtio1-input.0\nt0 virtio1-output.0\nr1 virtio1-input.1\nt1 virtio1-output.1\nx virtio10-input.0',
  },
  {
    folder: '4-2-virtio_net-one-vector',
    driver: 'virtio_net',
    note: 'one vector for all queues',
    device: 'virtio1',
    vectors: 'c virtio1-config\nr0 virtio1-virtqueues',
  },
  {
    folder: '4-2-virtio_net-intx',
    driver: 'virtio_net',
    note: 'a line shared with a disk',
    device: 'virtio1',
    intx: true,
    sharedWith: ['virtio0'],
    warnings: ['shared-irq'],
    vectors: 'r0 virtio1',
  },
  {
    folder: '4-2-vmxnet3',
    driver: 'vmxnet3',
    note: 'numbers are vectors',
    vectors: 'r0 eth0-rxtx-0\nr1 eth0-rxtx-1\nc eth0-event-2',
  },
  {
    folder: '4-2-vmxnet3-split',
    driver: 'vmxnet3',
    note: 'transmit vectors are counted first, so receive vector 2 is queue 0',
    vectors: 't0 eth0-tx-0\nt1 eth0-tx-1\nr0 eth0-rx-2\nr1 eth0-rx-3\nc eth0-event-4',
  },
  {
    folder: '4-2-qede',
    driver: 'qede',
    note: 'slow path',
    vectors: 'c sp-0-0000:01:00.0\nr0 eth0-fp-0\nr1 eth0-fp-1',
  },
  {
    folder: '4-2-bnx2x',
    driver: 'bnx2x',
    note: 'the plain name is the slow path',
    vectors: 'c eth0\nr0 eth0-fp-0\nr1 eth0-fp-1\nr2 eth0-fp-2',
  },
  {
    folder: '4-2-cxgb4',
    driver: 'cxgb4',
    note: 'eth1 is another port of the device, with vectors of its own there',
    pci: '0000:01:00.0',
    vectors: 'c port0\nc port0-FWeventq\nr0 eth0-Rx0\nr1 eth0-Rx1\nx eth1-Rx0\nx eth1-Rx1',
    other: {
      name: 'eth1',
      driver: 'cxgb4',
      pci: '0000:01:00.0',
      vectors: 'c port0\nc port0-FWeventq\nx eth0-Rx0\nx eth0-Rx1\nr0 eth1-Rx0\nr1 eth1-Rx1',
    },
  },
  {
    folder: '4-2-sfc',
    driver: 'sfc',
    note: 'bare numbers receive',
    vectors: 'r0 eth0-0\nr1 eth0-1\nt0 eth0-xdp-0\nc eth0-ptp\nc eth0-mae',
  },
  {
    folder: '4-2-sfc-split',
    driver: 'sfc',
    note: 'receive and transmit apart',
    vectors: 'r0 eth0-rx-0\nr1 eth0-rx-1\nt0 eth0-tx-0\nt1 eth0-tx-1',
  },
  {
    folder: '4-2-nfp',
    driver: 'nfp',
    note: 'exception and link state vectors first',
    vectors: 'c eth0-exn\nc eth0-lsc\nr0 eth0-rxtx-0\nr1 eth0-rxtx-1',
  },
  {
    folder: '4-2-fbnic',
    driver: 'fbnic',
    note: 'the bare PCI address is the firmware mailbox',
    vectors: 'c 0000:01:00.0\nc eth0\nr0 fbnic-eth0-TxRx-0\nr1 eth0-TxRx-1\nt0 eth0-Tx-0',
  },
  {
    folder: '4-2-atlantic',
    driver: 'atlantic',
    note: 'all have the plain name',
    vectors: 'r0 eth0\nr1 eth0\nr2 eth0\nr3 eth0',
  },
  { folder: '4-2-r8169', driver: 'r8169', note: 'one vector', vectors: 'r0 eth0' },
  {
    folder: '4-2-hns3',
    driver: 'hns3',
    note: 'numbers skip',
    vectors:
      'c hclge-misc-0000:01:00.0\nr0 hns3-0000:01:00.0-TxRx-0\nr1 hns3-0000:01:00.0-TxRx-2\nr2 hns3-0000:01:00.0-TxRx-4',
  },
  {
    folder: '4-2-tg3',
    driver: 'tg3',
    note: 'link events first',
    vectors: 'c eth0\nt0 eth0-tx-0\nr1 eth0-rx-1\nr2 eth0-rx-2\nr3 eth0-txrx-3',
  },
  { folder: '4-2-be2net', driver: 'be2net', note: 'q is a queue', vectors: 'r0 eth0-q0\nr1 eth0-q1' },
  {
    folder: '4-2-enic',
    driver: 'enic',
    note: 'error and notify last',
    vectors: 'r0 eth0-rx-0\nr1 eth0-rx-1\nt0 eth0-tx-0\nc eth0-err\nc eth0-notify',
  },
  {
    folder: '4-2-ionic',
    driver: 'ionic',
    note: 'admin queue first',
    vectors:
      'c ionic-0000:01:00.0-L0-admin0\nr0 ionic-eth0-L0-rx0\nr1 ionic-eth0-L0-rx1\nt1 ionic-eth0-L0-tx1',
  },
  {
    folder: '4-2-xen',
    driver: 'vif',
    note: 'event channels, no PCI; vif10 begins with vif1',
    name: 'eth1',
    device: 'vif-1',
    intx: true,
    vectors: 'r0 vif1-q0-rx\nt0 vif1-q0-tx\nr1 vif1-q1-rx\nt1 vif1-q1-tx\nx vif10-q0-rx',
  },
  {
    folder: '4-2-unknown',
    driver: 'newnic',
    note: 'a driver nobody knows, with names like queues',
    vectors: 'c newnic-ctl\nr0 newnic-rx-0\nr1 newnic-rx-1\nt0 newnic-tx-0',
  },
  {
    folder: '4-2-unknown-names',
    driver: 'newnic',
    note: 'a driver nobody knows, with names that say nothing: all count',
    vectors: 'r0 newnic-a\nr1 newnic-b',
    warnings: ['unknown-names'],
  },
  {
    folder: '4-2-veth',
    driver: 'veth',
    note: 'no device, no interrupts',
    device: 'none',
    vectors: '',
    error: 'virtual',
  },
  {
    folder: '4-2-ena-down',
    driver: 'ena',
    note: 'the management vector alone says the interface was never opened',
    up: false,
    vectors: 'c ena-mgmnt@pci:0000:01:00.0\n-\n-',
    error: 'ip link set eth0 up',
  },
];

const ROLES: Readonly<Record<string, string>> = { r: 'receive', t: 'transmit', c: 'control' };
const MACHINES = fileURLToPath(new URL('../test/machines', import.meta.url));
const FIRST_IRQ = 32;

const split = (vectors: string): string[][] => vectors.split('\n').map((line) => line.split(' '));

function nicOf(row: Omit<Row, 'folder' | 'note'>): MadeNic {
  const { name = 'eth0', driver, device, pci, node = 1, up, receiveQueues, intx, sharedWith } = row;
  const vectors = row.vectors === '' ? [] : split(row.vectors).map(([, action = '']) => action);
  const optional = { device, pci, up, receiveQueues, intx, sharedWith };
  return {
    name,
    driver,
    node,
    vectors,
    ...Object.fromEntries(Object.entries(optional).filter(([, v]) => v !== undefined)),
  };
}

function expectedOf(row: Omit<Row, 'folder' | 'note'>, firstIrq: number): object {
  if (row.error !== undefined) return { error: row.error };
  const vectors = split(row.vectors).flatMap(([what = '', action = ''], i) => {
    const role = ROLES[what.charAt(0)];
    return role === undefined
      ? []
      : [[firstIrq + i, action, role, what.length > 1 ? Number(what.slice(1)) : null]];
  });
  return { vectors, discoveryWarnings: row.warnings ?? [] };
}

for (const row of ROWS) {
  const { folder, note, other } = row;
  const directory = path.join(MACHINES, folder);
  fs.rmSync(directory, { recursive: true, force: true });
  const rows = other === undefined ? [row] : [row, other];
  makeMachine(directory, { cpus: 4, nodes: 2, firstIrq: FIRST_IRQ, nics: rows.map(nicOf) });
  const interfaces: Record<string, object> = { [row.name ?? 'eth0']: expectedOf(row, FIRST_IRQ) };
  if (other?.name !== undefined) {
    const samePort = other.pci !== undefined && other.pci === row.pci;
    interfaces[other.name] = expectedOf(other, samePort ? FIRST_IRQ : FIRST_IRQ + split(row.vectors).length);
  }
  fs.writeFileSync(path.join(directory, 'expected.json'), JSON.stringify({ note, interfaces }));
}
process.stdout.write(`${ROWS.length} machines in ${MACHINES}\n`);
