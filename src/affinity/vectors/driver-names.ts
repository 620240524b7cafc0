import type { Role } from '../types.ts';

/**
 * How one family of drivers names its interrupt vectors in /proc/interrupts. The names are whole action names with
 * placeholders: `{if}` an interface name (when the vector was requested, so it may be an old one), `{pci}` a PCI address,
 * `{virtio}` a virtio device, `{n}` the number that counts, `{d}` another, `{any}` anything. What matches none of them is neither receive nor transmit.
 */
export interface DriverNames {
  readonly drivers: readonly string[];
  readonly receive: readonly string[];
  readonly transmit: readonly string[];
  readonly control: readonly string[];
  /** What `{n}` is: the queue; a vector number (queue = rank of it); or a block, of which the upper half receives. */
  readonly number?: 'queue' | 'vector' | 'block';
  /** Vectors from this device's receive queue count on only transmit (for XDP). */
  readonly transmitBeyondQueues?: boolean;
  /** The number in a name is an event queue's, which says nothing about which receive queues are in use. */
  readonly queuesElsewhere?: boolean;
  /** Roles, by IRQ order, of several vectors that all have the plain interface name. */
  readonly plainRoles?: readonly Role[];
}

const DRIVER_NAMES: readonly DriverNames[] = [
  {
    drivers: ['ixgbe', 'ixgbevf'],
    receive: ['{if}-TxRx-{n}', '{if}-rx-{n}'],
    transmit: ['{if}-tx-{n}'],
    control: [],
  },
  {
    drivers: ['i40e'],
    receive: ['i40e-{if}-TxRx-{n}', 'i40e-{if}-rx-{n}'],
    transmit: ['i40e-{if}-tx-{n}'],
    control: ['i40e-{pci}:misc', 'i40e-{pci}:fdir-{any}'],
  },
  {
    drivers: ['iavf'],
    receive: ['iavf-{if}-TxRx-{n}', 'iavf-{if}-rx-{n}'],
    transmit: ['iavf-{if}-tx-{n}'],
    control: ['iavf-{pci}:mbx'],
  },
  {
    drivers: ['ice'],
    receive: ['ice-{if}-TxRx-{n}', 'ice-{if}-rx-{n}'],
    transmit: ['ice-{if}-tx-{n}'],
    control: ['ice-{pci}:misc', 'ice-{pci}:ctrl-{any}', 'ice-{pci}:ll_ts'],
  },
  {
    drivers: ['igb', 'igc'],
    receive: ['{if}-TxRx-{n}', '{if}-rx-{n}'],
    transmit: ['{if}-tx-{n}'],
    control: ['{if}-unused'],
  },
  {
    drivers: ['e1000e'],
    receive: ['{if}-rx-{n}'],
    transmit: ['{if}-tx-{n}'],
    control: [],
    // An interface name of 11 or more characters leaves no room for the suffixes; the driver requests in this order.
    plainRoles: ['receive', 'transmit', 'control'],
  },
  {
    drivers: ['idpf'],
    receive: ['idpf-{if}-TxRx-{n}', 'idpf-{if}-Rx-{n}'],
    transmit: ['idpf-{if}-Tx-{n}'],
    control: ['idpf-Mailbox-{n}', 'idpf-{if}-Mailbox-{n}'],
  },
  {
    drivers: ['mlx4_core', 'mlx4_en', 'mlx4'],
    receive: ['mlx4-{n}@{pci}', 'mlx4-{n}@pci:{pci}'],
    transmit: [],
    control: ['mlx4-async@pci:{pci}'],
    queuesElsewhere: true,
  },
  {
    drivers: ['mlx5_core', 'mlx5'],
    receive: ['mlx5_comp{n}@{any}', 'mlx5_combined{n}@{any}'],
    transmit: [],
    control: [
      'mlx5_async{n}@{any}',
      'mlx5_sf_ctrl{n}@{any}',
      'mlx5_cmd_eq@{any}',
      'mlx5_async_eq@{any}',
      'mlx5_pages_eq@{any}',
    ],
  },
  {
    drivers: ['bnxt_en'],
    receive: ['{if}-TxRx-{n}', '{if}-rx-{n}'],
    transmit: ['{if}-tx-{n}'],
    control: [],
  },
  {
    drivers: ['ena'],
    receive: ['{if}-Tx-Rx-{n}'],
    transmit: [],
    control: ['ena-mgmnt@pci:{pci}'],
    transmitBeyondQueues: true,
  },
  {
    drivers: ['gve', 'gvnic'],
    receive: ['gve-ntfy-blk{n}@pci:{pci}', '{if}-ntfy-block.{n}'],
    transmit: [],
    control: ['gve-mgmnt@pci:{pci}', '{if}-mgmnt'],
    number: 'block',
  },
  { drivers: ['mana'], receive: ['mana_q{n}@pci:{pci}'], transmit: [], control: ['mana_hwc@pci:{pci}'] },
  {
    drivers: ['virtio_net'],
    receive: ['{virtio}-input.{n}', '{virtio}-virtqueues', '{virtio}'],
    transmit: ['{virtio}-output.{n}'],
    control: ['{virtio}-config', '{virtio}-control'],
  },
  {
    drivers: ['vmxnet3'],
    receive: ['{if}-rxtx-{n}', '{if}-rx-{n}'],
    transmit: ['{if}-tx-{n}'],
    control: ['{if}-event-{n}'],
    number: 'vector',
  },
  { drivers: ['qede', 'bnx2x'], receive: ['{if}-fp-{n}'], transmit: [], control: ['sp-{n}-{any}'] },
  { drivers: ['cxgb4'], receive: ['{if}-Rx{n}'], transmit: [], control: ['port{n}', 'port{n}-FWeventq'] },
  {
    drivers: ['sfc'],
    receive: ['{if}-rx-{n}', '{if}-{n}'],
    transmit: ['{if}-tx-{n}', '{if}-xdp-{n}'],
    control: ['{if}-ptp', '{if}-mae'],
  },
  { drivers: ['nfp'], receive: ['{if}-rxtx-{n}'], transmit: [], control: ['{if}-exn', '{if}-lsc'] },
  {
    drivers: ['fbnic'],
    receive: ['fbnic-{if}-TxRx-{n}', '{if}-TxRx-{n}'],
    transmit: ['{if}-Tx-{n}'],
    control: ['{pci}'],
  },
  { drivers: ['atlantic', 'r8169'], receive: ['{if}'], transmit: [], control: [] },
  {
    drivers: ['hns3'],
    receive: ['hns3-{pci}-TxRx-{n}'],
    transmit: [],
    control: ['{any}-misc-{pci}'],
    // Counts 0, 2, 4…
    number: 'vector',
  },
  { drivers: ['tg3'], receive: ['{if}-txrx-{n}', '{if}-rx-{n}'], transmit: ['{if}-tx-{n}'], control: [] },
  { drivers: ['be2net'], receive: ['{if}-q{n}'], transmit: [], control: [] },
  {
    drivers: ['enic'],
    receive: ['{if}-rx-{n}'],
    transmit: ['{if}-tx-{n}'],
    control: ['{if}-err', '{if}-notify'],
  },
  {
    drivers: ['ionic'],
    receive: ['ionic-{if}-L{d}-rx{n}', 'ionic-{if}-txrx-{n}', 'ionic-{if}-TxRx-{n}', 'ionic-{if}-rx-{n}'],
    transmit: ['ionic-{if}-L{d}-tx{n}', 'ionic-{if}-tx-{n}'],
    // Requested before the interface is registered, under the PCI address.
    control: ['ionic-{any}-L{d}-admin{d}', 'ionic-{any}-L{d}-admin', 'ionic-{any}-adminq{any}'],
  },
  {
    drivers: ['vif', 'xen_netfront', 'xen-netfront'],
    receive: ['{vif}-q{n}-rx', '{vif}-q{n}', '{if}-q{n}-rx'],
    transmit: ['{vif}-q{n}-tx', '{if}-q{n}-tx'],
    control: [],
  },
];

/** The names of a driver's vectors, or undefined for a driver that is not in the table. */
export function driverNames(driver: string | null): DriverNames | undefined {
  return driver === null ? undefined : DRIVER_NAMES.find((row) => row.drivers.includes(driver));
}
