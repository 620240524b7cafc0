import type { Machine } from './machine.ts';

/** Two nodes of four CPUs, and every NIC the emulator has that differs in how it uses interrupts. */
export const EIGHT_CPUS: Machine = {
  name: 'eight-cpus',
  cpus: 8,
  nodes: 2,
  memoryMiB: 1024,
  nics: [
    { model: 'virtio-net-pci', node: 1, queues: 8 },
    { model: 'vmxnet3', node: 0 },
    { model: 'e1000e' },
    // Never up.
    { model: 'e1000e' },
    // The members of a bond.
    { model: 'e1000e' },
    { model: 'e1000e' },
    // No message-signalled interrupts: a line of the interrupt controller, there only while the interface is up.
    { model: 'e1000' },
  ],
};

/** More CPUs than a word of an affinity mask has bits. */
export const FORTY_CPUS: Machine = {
  name: 'forty-cpus',
  cpus: 40,
  nodes: 2,
  memoryMiB: 2048,
  nics: [
    { model: 'virtio-net-pci', node: 1, queues: 40 },
    { model: 'vmxnet3', node: 0 },
  ],
};
