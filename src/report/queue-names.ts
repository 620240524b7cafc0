import type { Role } from '../affinity/types.ts';
import { formatCpuList } from '../linux/cpu-list.ts';

/** A queue, and where its interrupts go. */
export interface Landing {
  readonly nic: string;
  readonly queue: number;
  readonly role: Exclude<Role, 'control'>;
  /** CPU ids; several when the kernel may choose. */
  readonly cpus: readonly number[];
}

/** `a`, `b`, … `z`, `a1`, `b1`, …: the short name of the n-th NIC. */
function letterOf(position: number): string {
  const round = Math.floor(position / 26);
  return `${String.fromCharCode(97 + (position % 26))}${round === 0 ? '' : round}:`;
}

/** Short names for queues: `q3` with one NIC, `a:3`, `b:3` with several; `t3`, `ta:3` for those that only transmit. */
export class QueueNames {
  readonly #nics: readonly string[];

  constructor(nics: readonly string[]) {
    this.#nics = nics;
  }

  #prefix(nic: string, role: Landing['role']): string {
    const transmit = role === 'transmit' ? 't' : '';
    if (this.#nics.length < 2) return transmit === '' ? 'q' : transmit;
    return `${transmit}${letterOf(Math.max(0, this.#nics.indexOf(nic)))}`;
  }

  /**
   * Everything that lands on one CPU, by CPU id, as words: `q0,8`, `q0-63?` (the question mark: may land there). A transmit
   * queue is told only where its receive queue is not.
   */
  byCpu(landings: readonly Landing[]): Map<number, string[]> {
    const groups = new Map<number, Map<string, Set<number>>>();
    const received = new Set(
      landings.flatMap(({ nic, queue, role, cpus }) =>
        role === 'receive' ? cpus.map((cpu) => `${nic} ${queue} ${cpu}`) : [],
      ),
    );
    // Not localeCompare: its first call loads the runtime's collation, for 20 ms.
    const ordered = [...landings].sort((a, b) => (a.role === b.role ? 0 : a.role < b.role ? -1 : 1));
    for (const { nic, queue, role, cpus } of ordered) {
      const doubt = cpus.length > 1 ? '?' : '';
      for (const cpu of cpus) {
        if (role === 'transmit' && received.has(`${nic} ${queue} ${cpu}`)) continue;
        const group = `${this.#prefix(nic, role)}/${doubt}`;
        const here = groups.get(cpu) ?? new Map<string, Set<number>>();
        here.set(group, (here.get(group) ?? new Set()).add(queue));
        groups.set(cpu, here);
      }
    }
    const words = new Map<number, string[]>();
    for (const [cpu, here] of groups) {
      const list = [...here].map(([group, queues]) => {
        const [prefix = '', doubt = ''] = group.split('/');
        return `${prefix}${formatCpuList([...queues].sort((a, b) => a - b))}${doubt}`;
      });
      words.set(cpu, list);
    }
    return words;
  }

  /** What the short names mean, for a legend. */
  legend(landings: readonly Landing[]): string[] {
    const own = landings.filter(({ role }) => role === 'receive').map(({ nic }) => nic);
    const used = this.#nics.filter((nic) => own.includes(nic));
    const receive =
      this.#nics.length < 2
        ? used.map(() => 'q0 queue 0')
        : used.map((nic) => `${this.#prefix(nic, 'receive')}0 queue 0 of ${nic}`);
    const cells = [...this.byCpu(landings).values()].flat();
    return [
      ...receive,
      ...(cells.some((word) => word.startsWith('t') && this.#isTransmit(word))
        ? [`${this.#nics.length < 2 ? 't0' : 'ta:0'} queue 0, transmit only`]
        : []),
      ...(cells.some((word) => word.endsWith('?')) ? ['? may land there'] : []),
    ];
  }

  /** With 20 NICs, `t:0` is a receive queue. */
  #isTransmit(word: string): boolean {
    return this.#nics.length < 2 || /^t[a-z]\d*:/.test(word);
  }
}
