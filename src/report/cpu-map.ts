import type { PlannedNic } from '../affinity/types.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import type { Topology } from '../linux/cpu-topology.ts';
import { coreGrid, type DrawnCpu } from './core-grid.ts';
import { loadLevel, shade, shadeLegend, shortCount } from './load.ts';
import { QueueNames, type Landing } from './queue-names.ts';
import type { Screen } from '../terminal/screen.ts';
import { wrapped } from '../terminal/wrap.ts';

/** What a CPU map shows. */
export interface CpuMapSubject {
  readonly topology: Topology;
  readonly nics: readonly PlannedNic[];
  readonly landings: readonly Landing[];
  /** CPUs to mark as katran's forwarding cores; null to mark none. */
  readonly forwardingCores: readonly number[] | null;
  /** The NIC's interrupts per second by CPU id; null when nothing was measured. */
  readonly rates: ReadonlyMap<number, number> | null;
}

/** From this many CPUs on, those without a queue get no cell; of more, a shade instead of a number tells the load. */
const MANY_CPUS = 64;
const NO_QUEUE = '-';
const RATE_WIDTH = 4;
/** A longer list of queues is continued on the next line. */
const LONGEST_LABEL = 22;

/** More lines than this help nobody. */
const MOST_LINES = 24;

/** The lines that are shown, the last one counting the queues that are not. */
function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LINES) return lines;
  const left = lines
    .slice(MOST_LINES - 1)
    .join(' ')
    .split(/[\s,]+/)
    .filter(Boolean).length;
  return [...lines.slice(0, MOST_LINES - 1), `and ${left} more`];
}

interface CellText {
  readonly cpu: number;
  readonly marks: string;
  readonly label: readonly string[];
}

/** Draws the cells of one map, all of one width. */
class Cells {
  readonly #subject: CpuMapSubject;
  readonly #screen: Screen;

  readonly #idWidth: number;
  readonly #marksWidth: number;
  readonly #labelWidth: number;
  readonly #cells: ReadonlyMap<number, CellText>;

  constructor(subject: CpuMapSubject, screen: Screen, names: QueueNames) {
    this.#subject = subject;
    this.#screen = screen;
    const { topology, forwardingCores, landings } = subject;
    const isOnline = new Set(topology.online);
    const isIsolated = new Set(topology.isolated);
    const isForwarding = new Set(forwardingCores);
    const words = names.byCpu(landings);
    const longest = Math.min(LONGEST_LABEL, Math.max(4, screen.columns - 16));
    const known = new Set([...topology.online, ...topology.present, ...isForwarding, ...words.keys()]);
    this.#cells = new Map(
      [...known].map((cpu) => {
        const marks = `${isForwarding.has(cpu) ? '*' : ''}${isIsolated.has(cpu) ? 'i' : ''}`;
        const state = isOnline.has(cpu) ? [] : ['off'];
        const text = [...state, ...(words.get(cpu) ?? [])].join(' ');
        return [cpu, { cpu, marks, label: shortened(wrapped(text === '' ? NO_QUEUE : text, longest)) }];
      }),
    );
    const all = [...this.#cells.values()];
    this.#idWidth = Math.max(...all.map(({ cpu }) => String(cpu).length));
    this.#marksWidth = Math.max(...all.map(({ marks }) => marks.length));
    this.#labelWidth = Math.max(...all.flatMap(({ label }) => label.map((line) => line.length)));
  }

  get cpus(): number[] {
    return [...this.#cells.keys()].sort((a, b) => a - b);
  }

  get marks(): string {
    return [...this.#cells.values()].map(({ marks }) => marks).join('');
  }

  get someIdle(): boolean {
    return [...this.#cells.values()].some(({ label }) => label[0] === NO_QUEUE);
  }

  /** So many CPUs that those without a queue are only listed. */
  get many(): boolean {
    return this.#cells.size >= MANY_CPUS;
  }

  get shaded(): boolean {
    return this.#subject.rates !== null && this.#cells.size > MANY_CPUS;
  }

  /** Whether there is something to be seen at the CPU. */
  tells(cpu: number): boolean {
    const cell = this.#cells.get(cpu);
    if (cell === undefined) return false;
    return cell.label[0] !== NO_QUEUE || cell.marks !== '' || (this.#subject.rates?.get(cpu) ?? 0) > 0;
  }

  draw(cpu: number): DrawnCpu {
    const cell = this.#cells.get(cpu);
    if (cell === undefined) return { lines: [], width: 0 };
    const { rates } = this.#subject;
    const rate = rates?.get(cpu) ?? 0;
    const level = loadLevel(rate);
    const lines = cell.label.map((label, index) => {
      const first = index === 0;
      const id = (first ? String(cpu) : '').padStart(this.#idWidth);
      const marks = (first ? cell.marks : '').padEnd(this.#marksWidth);
      const load = rates === null ? '' : ` ${this.#load(first ? rate : 0, cell)}`;
      return `${id}${marks} ${label.padEnd(this.#labelWidth)}${load}`;
    });
    const width = lines[0]?.length ?? 0;
    return { lines: lines.map((line) => this.#screen.load(level, line)), width };
  }

  #load(rate: number, { label }: CellText): string {
    if (this.shaded) return shade(loadLevel(rate), this.#screen);
    const idle = rate === 0 && label[0] === NO_QUEUE;
    return (idle ? '' : shortCount(rate)).padStart(RATE_WIDTH);
  }
}

/** Hardware threads of the same core together, each CPU once, by the lowest CPU id. */
function coresOf(cpus: readonly number[], topology: Topology): number[][] {
  const left = new Set(cpus);
  const cores: number[][] = [];
  for (const cpu of cpus) {
    if (!left.has(cpu)) continue;
    const core = topology.siblingsOf(cpu).filter((sibling) => left.has(sibling));
    for (const sibling of core) left.delete(sibling);
    cores.push(core);
  }
  return cores;
}

function nodeTitle(id: number, { topology, nics }: CpuMapSubject, { unicode }: Screen): string {
  const here = nics.filter(({ node }) => node === id).map(({ name }) => name);
  const kind = topology.nodeSource === 'package' ? 'socket' : 'NUMA node';
  if (here.length === 0) return `${kind} ${id}`;
  return `${kind} ${id}  ${unicode ? '◄─' : '<-'} NIC ${here.join(', ')}`;
}

/** NICs whose mark is on no block. */
function homelessNics({ topology, nics }: CpuMapSubject): string[] {
  const drawn = new Set(topology.nodes.map(({ id }) => id));
  const many = topology.nodes.length > 1;
  return nics.flatMap(({ name, node }) => {
    if (drawn.has(node)) return [];
    if (node < 0) return many ? [`NIC ${name}: node unknown`] : [];
    return [`NIC ${name}: node ${node}, which has no CPU online`];
  });
}

function legend(subject: CpuMapSubject, names: QueueNames, cells: Cells, screen: Screen): string[] {
  const { topology, rates } = subject;
  const line = screen.unicode ? '│' : '|';
  const threads = topology.online.some((cpu) => topology.siblingsOf(cpu).length > 1);
  const entries = [
    ...names.legend(subject.landings),
    ...(cells.someIdle ? ['- no queue'] : []),
    ...(threads ? [`${line} ${line} one core, its hyper-threads side by side`] : []),
    ...(cells.marks.includes('*') ? ['* forwarding core'] : []),
    ...(cells.marks.includes('i') ? ['i isolated'] : []),
    ...(cells.cpus.some((cpu) => !topology.online.includes(cpu)) ? ['off offline'] : []),
    ...(rates !== null && !cells.shaded ? ['numbers: interrupts/s'] : []),
    ...homelessNics(subject),
  ];
  const lines: string[] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + entry.length + 3 <= screen.columns)
      lines[lines.length - 1] = `${last}   ${entry}`;
    else lines.push(...wrapped(entry, screen.columns));
  }
  return cells.shaded ? [...lines, shadeLegend(screen)] : lines;
}

/**
 * The CPUs as a picture: a block for each NUMA node, in it a cell for each CPU with the queues whose interrupts it gets, hyper-threads
 * beside each other, then a legend. Lines without line feeds, none longer than the screen is wide (40 columns at least).
 * Throws KernelFileError.
 */
export function cpuMap(subject: CpuMapSubject, screen: Screen): string[] {
  const { topology } = subject;
  const names = new QueueNames(subject.nics.map(({ name }) => name));
  const cells = new Cells(subject, screen, names);
  const isOnline = new Set(topology.online);
  const offline = cells.cpus.filter((cpu) => !isOnline.has(cpu));
  const blocks = [
    ...topology.nodes.map(({ id, cpus }) => ({ title: nodeTitle(id, subject, screen), cpus })),
    // The kernel takes a CPU that goes offline out of its node's list.
    ...(offline.length === 0 ? [] : [{ title: 'offline, in no node', cpus: offline }]),
  ].map(({ title, cpus }) => {
    const cores = coresOf(cpus, topology);
    const drawn = cells.many ? cores.filter((core) => core.some((cpu) => cells.tells(cpu))) : cores;
    const left = new Set(cpus);
    for (const cpu of drawn.flat()) left.delete(cpu);
    return { title, cores: drawn, left: [...left].sort((a, b) => a - b) };
  });
  const most = {
    cores: Math.max(1, ...blocks.map(({ cores }) => cores.length)),
    threads: Math.max(1, ...blocks.flatMap(({ cores }) => cores.map((core) => core.length))),
  };
  return [
    ...blocks.flatMap(({ title, cores, left }) => [
      screen.title(title),
      ...(cores.length === 0
        ? []
        : coreGrid(
            cores.map((core) => core.map((cpu) => cells.draw(cpu))),
            most,
            screen,
          )),
      ...(left.length === 0 ? [] : wrapped(`no queue: CPUs ${formatCpuList(left)}`, screen.columns)),
    ]),
    ...legend(subject, names, cells, screen),
  ];
}
