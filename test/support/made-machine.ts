import fs from 'node:fs';
import path from 'node:path';

/** A NIC to make. */
export interface MadeNic {
  readonly name: string;
  readonly driver: string;
  /** Action names in IRQ order, as in /proc/interrupts; '' for a vector that is allocated but never requested. */
  readonly vectors: readonly string[];
  /** `pci` unless said: on a virtio device (`virtio1`), a Xen one (`vif-0`), or nothing (a veth). */
  readonly device?: `virtio${number}` | `vif-${number}` | 'none';
  /** PCI address; made up from the position when not given. NICs with the same one are ports of one device. */
  readonly pci?: string;
  /** NUMA node, -1 for unknown; 0 unless said. */
  readonly node?: number;
  /** True unless said. */
  readonly up?: boolean;
  /** Receive queues in /sys/class/net/IF/queues; 1 unless said. */
  readonly receiveQueues?: number;
  /** INTx: the lines exist, msi_irqs is empty. */
  readonly intx?: boolean;
  /** Other actions on the (INTx) line, before its own. */
  readonly sharedWith?: readonly string[];
}

export interface MadeMachine {
  /** Number of CPUs, all online: 0 to cpus-1. */
  readonly cpus: number;
  /** Number of NUMA nodes, which get the CPUs in equal blocks; 1 unless said. */
  readonly nodes?: number;
  /** Hardware threads of a core, which are neighbours; 1 unless said. */
  readonly threads?: number;
  /** Possible CPUs, `cpus` unless said: the width of the masks. */
  readonly possibleCpus?: number;
  /** Short form of `nics`: one interface `eth0` with this many queues… */
  readonly queues?: number;
  /** …of this driver, whose vectors are called `eth0-TxRx-N`; ixgbe unless said. */
  readonly driver?: string;
  readonly nics?: readonly MadeNic[];
  /** IRQ number of the first vector; 32 unless said. */
  readonly firstIrq?: number;
}

/**
 * Writes the /proc and /sys of a machine that never was below a directory: what is read to plan, and smp_affinity to
 * write. Made for tests of one trait, and for sizes nobody has recorded (4,096 vectors on 1,024 CPUs).
 */
export function makeMachine(directory: string, machine: MadeMachine): void {
  const write = writer(directory);
  writeTopology(write, machine);
  const nics = machine.nics ?? [queuesOf(machine.driver ?? 'ixgbe', machine.queues ?? machine.cpus)];
  const lines: MadeLine[] = [];
  let irq = machine.firstIrq ?? 32;
  const devices = new Map<string, readonly number[]>();
  nics.forEach((nic, i) => {
    const pci = nic.pci ?? `0000:${(i + 1).toString(16).padStart(2, '0')}:00.0`;
    const known = devices.get(pci);
    const irqs = known ?? nic.vectors.map(() => irq++);
    if (known === undefined) {
      nic.vectors.forEach((name, v) => {
        const number = irqs[v] ?? 0;
        lines.push(interruptLine(machine, nic, number, name));
        writeIrq(write, machine, number);
      });
    }
    devices.set(pci, irqs);
    writeNic(write, nic, pci, irqs, i + 2);
  });
  write.file('proc/interrupts', interruptsText(machine.cpus, lines));
  write.file(
    'proc/net/route',
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n',
  );
  write.file(
    'proc/net/arp',
    'IP address       HW type     Flags       HW address            Mask     Device\n',
  );
}

function queuesOf(driver: string, queues: number): MadeNic {
  const vectors = Array.from({ length: queues }, (_, n) => `eth0-TxRx-${n}`);
  return { name: 'eth0', driver, vectors, receiveQueues: queues };
}

interface Writer {
  file(name: string, text: string): void;
  directory(name: string): void;
  link(name: string, target: string): void;
}

function writer(base: string): Writer {
  const made = new Set<string>();
  const directory = (name: string): void => {
    if (made.has(name)) return;
    fs.mkdirSync(path.join(base, name), { recursive: true });
    made.add(name);
  };
  return {
    directory,
    file: (name, text) => {
      directory(path.dirname(name));
      fs.writeFileSync(path.join(base, name), text);
    },
    link: (name, target) => {
      // Two ports of a device write what belongs to the device twice.
      if (made.has(name)) return;
      made.add(name);
      directory(path.dirname(name));
      fs.symlinkSync(path.relative(path.dirname(name), target), path.join(base, name));
    },
  };
}

function writeTopology(write: Writer, machine: MadeMachine): void {
  const cpu = 'sys/devices/system/cpu';
  const possible = machine.possibleCpus ?? machine.cpus;
  write.file(`${cpu}/possible`, `0-${possible - 1}\n`);
  for (const list of ['present', 'online']) write.file(`${cpu}/${list}`, `0-${machine.cpus - 1}\n`);
  write.file(`${cpu}/offline`, possible > machine.cpus ? `${machine.cpus}-${possible - 1}\n` : '\n');
  write.file(`${cpu}/isolated`, '\n');
  const threads = machine.threads ?? 1;
  for (let id = 0; threads > 1 && id < machine.cpus; id += 1) {
    const first = id - (id % threads);
    write.file(`${cpu}/cpu${id}/topology/core_cpus_list`, `${first}-${first + threads - 1}\n`);
  }
  const nodes = machine.nodes ?? 1;
  const size = Math.ceil(machine.cpus / nodes);
  for (let node = 0; node < nodes; node += 1) {
    const last = Math.min(machine.cpus, (node + 1) * size) - 1;
    write.file(`sys/devices/system/node/node${node}/cpulist`, `${node * size}-${last}\n`);
  }
}

function interruptLine(machine: MadeMachine, nic: MadeNic, irq: number, name: string): MadeLine {
  return {
    irq,
    counts: Array.from({ length: machine.cpus }, () => 0),
    chip: nic.intx === true ? `IO-APIC  ${irq}-fasteoi` : `IR-PCI-MSIX-0000:01:00.0    ${irq}-edge`,
    actions: [...(nic.sharedWith ?? []), name].filter(Boolean).join(', '),
  };
}

/** A line of /proc/interrupts. */
export interface MadeLine {
  readonly irq: number;
  /** By CPU. */
  readonly counts: number[];
  readonly chip: string;
  readonly actions: string;
}

/** /proc/interrupts in the columns of kernel/irq/proc.c. */
export function interruptsText(cpus: number, lines: readonly MadeLine[]): string {
  const header = Array.from({ length: cpus }, (_, cpu) => `CPU${cpu}`.padEnd(11)).join('');
  const rows = lines.map(({ irq, counts, chip, actions }) => {
    const cells = counts.map((count) => String(count).padStart(11)).join('');
    return `${String(irq).padStart(3)}:${cells}   ${chip}      ${actions}\n`;
  });
  return `           ${header}\n${rows.join('')}NMI:          0\n`;
}

/** The mask of all CPUs, in the width of the possible ones. */
export function maskOfAll({ cpus, possibleCpus = cpus }: Pick<MadeMachine, 'cpus' | 'possibleCpus'>): string {
  const words = Array.from({ length: Math.ceil(possibleCpus / 32) }, (_, word) => {
    const bits = Math.max(0, Math.min(32, cpus - word * 32));
    return (2 ** bits - 1).toString(16).padStart(8, '0');
  });
  return words.reverse().join(',');
}

/** All CPUs allowed, delivered to one of them: what an interrupt that nobody pinned looks like. */
function writeIrq(write: Writer, machine: MadeMachine, irq: number): void {
  write.file(`proc/irq/${irq}/smp_affinity`, `${maskOfAll(machine)}\n`);
  write.file(`proc/irq/${irq}/effective_affinity_list`, `${irq % machine.cpus}\n`);
}

function writeNic(write: Writer, nic: MadeNic, pci: string, irqs: readonly number[], index: number): void {
  const onPci = nic.device === undefined || nic.device.startsWith('virtio');
  const bus = `sys/devices/pci0000:00/${pci}`;
  const device =
    nic.device === undefined
      ? bus
      : nic.device === 'none'
        ? undefined
        : onPci
          ? `${bus}/${nic.device}`
          : `sys/devices/${nic.device}`;
  const net = `${device ?? 'sys/devices/virtual'}/net/${nic.name}`;
  write.file(`${net}/flags`, nic.up === false ? '0x1002\n' : '0x1003\n');
  write.file(`${net}/operstate`, nic.up === false ? 'down\n' : 'up\n');
  write.file(`${net}/mtu`, '1500\n');
  write.file(`${net}/ifindex`, `${index}\n`);
  for (let n = 0; n < (nic.receiveQueues ?? 1); n += 1) write.file(`${net}/queues/rx-${n}/rps_cpus`, '0\n');
  write.link(`sys/class/net/${nic.name}`, net);
  if (device === undefined) return;
  write.link(`${net}/device`, device);
  write.file(`${device}/uevent`, `DRIVER=${nic.driver}\n`);
  const drivers = `sys/bus/${nic.device === undefined ? 'pci' : onPci ? 'virtio' : 'xen'}/drivers/${nic.driver}`;
  write.directory(drivers);
  write.link(`${device}/driver`, drivers);
  if (!onPci) return;
  write.file(`${bus}/numa_node`, `${nic.node ?? 0}\n`);
  if (device !== bus) write.file(`${bus}/uevent`, 'DRIVER=virtio-pci\n');
  if (nic.intx !== true) for (const irq of irqs) write.file(`${bus}/msi_irqs/${irq}`, 'msix\n');
}
