import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AffinityPlan, PlannedVector, Strategy } from '../../../src/affinity/types.ts';
import { readTopology } from '../../../src/linux/cpu-topology.ts';
import { KernelFileError, openRoot } from '../../../src/linux/root.ts';
import type { Root } from '../../../src/linux/root.ts';
import { formatAffinityMask } from '../../../src/linux/smp-affinity.ts';
import type { Log } from '../../../src/log/log.ts';

/** Files in memory, as the kernel's are: thousands of writes, and fsync costs nothing. */
const MEMORY = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

export type Level = keyof Log;

/** A log that keeps its lines, `level: message`. */
export function recordingLog(): Log & { lines: string[]; of(level: Level): string[] } {
  const lines: string[] = [];
  const add = (level: Level) => (message: string) => void lines.push(`${level}: ${message}`);
  return {
    lines,
    of: (level) =>
      lines.filter((line) => line.startsWith(`${level}: `)).map((line) => line.slice(level.length + 2)),
    debug: add('debug'),
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
  };
}

/** A directory of plain files that looks like the kernel's: CPUs, one node, vectors `eth0-TxRx-N` from IRQ 30 on. */
export class Sysroot {
  readonly path = fs.mkdtempSync(path.join(MEMORY, 'start-katran-affinity-'));
  readonly root: Root;
  readonly cpus: number;
  private lines = new Map<number, { name: string; counts: number[] }>();

  constructor({ cpus = 4, vectors = 4 }: { cpus?: number; vectors?: number } = {}) {
    this.cpus = cpus;
    this.root = openRoot(this.path);
    this.file('sys/devices/system/cpu/possible', `0-${cpus - 1}\n`);
    this.file('sys/devices/system/cpu/present', `0-${cpus - 1}\n`);
    this.file('sys/devices/system/cpu/isolated', '\n');
    this.online(`0-${cpus - 1}`);
    this.file('sys/devices/system/node/node0/cpulist', `0-${cpus - 1}\n`);
    for (let queue = 0; queue < vectors; queue += 1) this.vector(30 + queue, `eth0-TxRx-${queue}`);
  }

  file(name: string, text: string): void {
    const file = path.join(this.path, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  online(list: string): void {
    this.file('sys/devices/system/cpu/online', `${list}\n`);
  }

  /** Adds a vector (or renames one) with the mask of all CPUs. */
  vector(
    irq: number,
    name: string,
    mask = formatAffinityMask(
      Array.from({ length: this.cpus }, (_, i) => i),
      this.cpus,
    ),
  ): void {
    this.lines.set(irq, { name, counts: Array.from({ length: this.cpus }, () => 0) });
    this.setMask(irq, mask);
    this.writeInterrupts();
  }

  /** The driver frees a vector. */
  free(irq: number): void {
    this.lines.delete(irq);
    fs.rmSync(path.join(this.path, `proc/irq/${irq}`), { recursive: true });
    this.writeInterrupts();
  }

  /** A CPU takes interrupts. */
  interrupt(irq: number, cpu: number, count: number): void {
    const line = this.lines.get(irq);
    if (line === undefined) throw new Error(`no irq ${irq}`);
    line.counts[cpu] = (line.counts[cpu] ?? 0) + count;
    this.writeInterrupts();
  }

  mask(irq: number): string {
    return fs.readFileSync(path.join(this.path, `proc/irq/${irq}/smp_affinity`), 'utf8').trim();
  }

  masks(): Record<number, string> {
    return Object.fromEntries([...this.lines.keys()].map((irq) => [irq, this.mask(irq)]));
  }

  setMask(irq: number, mask: string): void {
    this.file(`proc/irq/${irq}/smp_affinity`, `${mask}\n`);
  }

  /** The plan that puts queue i on CPU i mod CPUs. */
  plan({
    strategy = 'sequential',
    cpus,
  }: { strategy?: Strategy; cpus?: readonly number[] } = {}): AffinityPlan {
    const topology = readTopology(this.root);
    const usable = cpus ?? topology.online;
    const vectors = [...this.lines].map(([irq, { name }], index): PlannedVector => {
      const cpu = usable[index % usable.length] ?? 0;
      const control = !/-\d+$/.test(name);
      return {
        nic: 'eth0',
        irq,
        name,
        role: control ? 'control' : 'receive',
        queue: control ? null : index,
        cpu: control ? null : cpu,
        node: control ? null : 0,
        mask: control ? null : formatAffinityMask([cpu], topology.possibleCpus),
        current: this.mask(irq),
        effective: null,
      };
    });
    const forwardingCores = [...new Set(vectors.flatMap(({ cpu }) => (cpu === null ? [] : [cpu])))];
    return {
      interface: 'eth0',
      strategy,
      topology,
      nics: [{ name: 'eth0', driver: 'ixgbe', node: 0 }],
      vectors,
      forwardingCores,
      numaNodes: forwardingCores.map(() => 0),
      warnings: [],
    };
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true, force: true });
  }

  private writeInterrupts(): void {
    // Columns as kernel/irq/proc.c prints them.
    const columns = (cells: readonly (number | string)[]): string =>
      cells.map((cell) => ` ${String(cell).padStart(10)}`).join('');
    const header = `    ${columns(Array.from({ length: this.cpus }, (_, cpu) => `CPU${cpu}`))}\n`;
    const rows = [...this.lines].map(
      ([irq, { name, counts }], index) =>
        `${String(irq).padStart(3)}:${columns(counts)}  PCI-MSI ${524288 + index}-edge      ${name}\n`,
    );
    this.file('proc/interrupts', header + rows.join(''));
  }
}

/** What the kernel does with a write: an errno name refuses it, `ignore` accepts and forgets it, undefined performs it. */
export type KernelAnswer = string | undefined;

/** A root whose smp_affinity writes are answered by a kernel of the test's own; everything else is the root's. */
export function answering(root: Root, answer: (irq: number, mask: string) => KernelAnswer): Root {
  return {
    ...root,
    write: (file, text) => {
      const irq = /^\/proc\/irq\/(\d+)\/smp_affinity$/.exec(file)?.[1];
      const code = irq === undefined ? undefined : answer(Number(irq), text.trim());
      if (code === 'ignore') return;
      if (code !== undefined)
        throw new KernelFileError(`cannot write ${root.hostPath(file)}: ${code}`, root.hostPath(file), code);
      root.write(file, text);
    },
  };
}
