import { ToolFailure } from '../../src/tools/failures.ts';
import { toolsThat, type Question } from './tools.ts';

const byteList = (value: number): string[] =>
  [0, 8, 16, 24].map((shift) => `0x${((value >>> shift) & 0xff).toString(16).padStart(2, '0')}`);
const numberOf = (words: readonly string[]): number =>
  words.reduceRight((sum, word) => sum * 256 + Number(word), 0);

/** A pinned map, as bpftool 7.1 shows it with -j and changes it. */
export class BpftoolArray {
  readonly path = '/sys/fs/bpf/jmp_lb0';
  readonly slots: Map<number, number>;
  /** What was done, in order: `put 1 188`, `delete 2`. */
  readonly changes: string[] = [];
  /** Which changes say that they succeeded, and do nothing. */
  ignores: (change: string) => boolean = () => false;
  /** Which changes are made and say that they failed. */
  complainsOf: (change: string) => boolean = () => false;
  readonly tools = toolsThat((question) => this.#answer(question));
  readonly #type: string;
  readonly #entries: number;

  constructor(slots: Readonly<Record<number, number>> = {}, type = 'prog_array', entries = 3) {
    this.slots = new Map(Object.entries(slots).map(([slot, id]) => [Number(slot), id]));
    this.#type = type;
    this.#entries = entries;
  }

  #answer({ command, args }: Question): string {
    if (command !== 'bpftool') throw ToolFailure.missing(command);
    const [, action, , file, ...change] = args.filter((word) => word !== '-j');
    if (file !== this.path) throw ToolFailure.failed('bpftool', 'ended with status 255', undefined);
    const slot = numberOf(change.slice(1, 5));
    switch (action) {
      case 'show':
        return JSON.stringify({ id: 45, type: this.#type, name: 'root_array', max_entries: this.#entries });
      case 'dump':
        return JSON.stringify(
          [...this.slots].map(([key, id]) => ({ key: byteList(key), value: byteList(id) })),
        );
      case 'update':
        this.changes.push(`put ${slot} ${change.at(-1)}`);
        if (!this.#isIgnored()) this.slots.set(slot, Number(change.at(-1)));
        if (this.complainsOf(this.changes.at(-1) ?? ''))
          throw ToolFailure.failed('bpftool', 'gave no answer in 700 ms', undefined);
        return '';
      case 'delete':
        this.changes.push(`delete ${slot}`);
        if (!this.#isIgnored() && !this.slots.delete(slot))
          throw ToolFailure.failed(
            'bpftool',
            'failed: Error: delete failed: No such file or directory',
            undefined,
          );
        return '';
      default:
        throw new Error(`bpftool map ${action}?`);
    }
  }

  #isIgnored(): boolean {
    return this.ignores(this.changes.at(-1) ?? '');
  }
}
