import fs from 'node:fs';
import path from 'node:path';
import type { PlanRequest } from '../../src/affinity/plan.ts';
import type { AffinityPlan, Strategy } from '../../src/affinity/types.ts';
import { openRoot, type Root } from '../../src/linux/root.ts';
import { maskOfAll, interruptsText, makeMachine, type MadeLine } from './made-machine.ts';
import { makeDirectory } from './machines.ts';
import { planOf } from './plan-of.ts';

const FIRST_IRQ = 30;

/**
 * A made machine whose drivers and kernel do things while a test looks on: one node unless said, an ixgbe `eth0` with vectors
 * `eth0-TxRx-N` from IRQ 30 on. Its plans are the planner's.
 */
export class LiveMachine {
  readonly path = makeDirectory('live');
  readonly root: Root;
  readonly cpus: number;
  readonly #lines = new Map<number, MadeLine>();
  #queuesInUse = Number.POSITIVE_INFINITY;

  constructor({
    cpus = 4,
    vectors = 4,
    nodes = 1,
  }: { cpus?: number; vectors?: number; nodes?: number } = {}) {
    this.cpus = cpus;
    this.root = openRoot(this.path);
    makeMachine(this.path, { cpus, nodes, queues: vectors, firstIrq: FIRST_IRQ });
    for (let queue = 0; queue < vectors; queue += 1)
      this.#lines.set(FIRST_IRQ + queue, this.#line(FIRST_IRQ + queue, `eth0-TxRx-${queue}`));
  }

  file(name: string, text: string): void {
    const file = path.join(this.path, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  online(list: string): void {
    this.file('sys/devices/system/cpu/online', `${list}\n`);
  }

  /** Adds a vector (or renames one), by default with the mask of all CPUs. It is the NIC's if its name begins with `eth0`. */
  vector(irq: number, name: string, mask = maskOfAll({ cpus: this.cpus })): void {
    this.vectors([{ irq, name, mask }]);
  }

  /** Several at once. */
  vectors(added: readonly { readonly irq: number; readonly name: string; readonly mask: string }[]): void {
    for (const { irq, name, mask } of added) {
      this.#lines.set(irq, this.#line(irq, name));
      this.setMask(irq, mask);
      this.file(`proc/irq/${irq}/effective_affinity_list`, `${irq % this.cpus}\n`);
    }
    this.#writeDevice();
  }

  /** The driver frees a vector. */
  free(irq: number): void {
    this.#lines.delete(irq);
    fs.rmSync(path.join(this.path, `proc/irq/${irq}`), { recursive: true });
    this.#writeDevice();
  }

  /** `ethtool -L` of a driver that keeps its vectors: only so many of the queues are in use. */
  useQueues(count: number): void {
    this.#queuesInUse = count;
    this.#writeDevice();
  }

  /** A CPU takes interrupts. */
  interrupt(irq: number, cpu: number, count: number): void {
    const line = this.#lines.get(irq);
    if (line === undefined) throw new Error(`no irq ${irq}`);
    line.counts[cpu] = (line.counts[cpu] ?? 0) + count;
    this.#writeInterrupts();
  }

  mask(irq: number): string {
    return fs.readFileSync(path.join(this.path, `proc/irq/${irq}/smp_affinity`), 'utf8').trim();
  }

  masks(): Record<number, string> {
    return Object.fromEntries([...this.#lines.keys()].map((irq) => [irq, this.mask(irq)]));
  }

  setMask(irq: number, mask: string): void {
    this.file(`proc/irq/${irq}/smp_affinity`, `${mask}\n`);
  }

  /** The plan for eth0: by default `sequential`, which puts queue i on CPU i mod CPUs. */
  plan(changes: Partial<PlanRequest> & { readonly strategy?: Strategy } = {}): AffinityPlan {
    return planOf(this.path, { strategy: 'sequential', ...changes });
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true, force: true });
  }

  #line(irq: number, name: string): MadeLine {
    return {
      irq,
      chip: `IR-PCI-MSIX-0000:01:00.0    ${irq}-edge`,
      actions: name,
      counts: Array.from({ length: this.cpus }, () => 0),
    };
  }

  /** What the driver says of its vectors: their lines, msi_irqs, and the queues in use of those that have a number. */
  #writeDevice(): void {
    const own = [...this.#lines.values()].filter(({ actions }) => /(?:^|, )eth0/.test(actions));
    const device = path.join(this.path, 'sys/class/net/eth0/device');
    fs.rmSync(path.join(device, 'msi_irqs'), { recursive: true, force: true });
    fs.mkdirSync(path.join(device, 'msi_irqs'));
    for (const { irq } of own) fs.writeFileSync(path.join(device, `msi_irqs/${irq}`), 'msix\n');
    const queues = path.join(this.path, 'sys/class/net/eth0/queues');
    fs.rmSync(queues, { recursive: true, force: true });
    for (const { actions } of own) {
      const queue = /-(\d+)$/.exec(actions)?.[1];
      if (queue === undefined || Number(queue) >= this.#queuesInUse) continue;
      fs.mkdirSync(path.join(queues, `rx-${queue}`), { recursive: true });
    }
    this.#writeInterrupts();
  }

  #writeInterrupts(): void {
    this.file('proc/interrupts', interruptsText(this.cpus, [...this.#lines.values()]));
  }
}
