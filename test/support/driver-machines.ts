import fs from 'node:fs';
import { makeMachine, type MadeNic } from './made-machine.ts';

/** A NIC of test/machines/drivers.json. */
interface DriverNic extends Omit<MadeNic, 'name' | 'vectors'> {
  /** `eth0` unless said. */
  readonly name?: string;
  /**
   * Vectors in IRQ order: what it does, its queue, its action name. `r0 name`: receives for queue 0; `i0`: would, if the
   * queue were in use; `t0`: transmits; `c`: control; `x`: not this NIC's; `-`: allocated and never requested.
   */
  readonly vectors: readonly string[];
  /** Codes of the warnings that finding the vectors gives. */
  readonly warnings?: readonly string[];
  /** A word of the error, where there is nothing to plan. */
  readonly error?: string;
}

/**
 * A machine nobody recorded: 4 CPUs, 2 NUMA nodes, and a NIC whose driver names its vectors in a way of its own. What each
 * vector does is written there by hand, from the drivers' sources.
 */
interface DriverRow extends DriverNic {
  readonly machine: string;
  readonly note: string;
  /** Another interface of the machine; with the same `pci`, another port of the device, with the same vectors. */
  readonly other?: DriverNic;
}

/** What is expected of an interface; `plans` as in expect.py. */
export interface ExpectedInterface {
  /** [irq, name, role (or `idle`), queue] */
  readonly vectors?: readonly (readonly [number, string, string, number | null])[];
  readonly discoveryWarnings?: readonly string[];
  readonly error?: string;
  readonly members?: readonly string[];
  readonly plans?: Readonly<Record<string, ExpectedPlan | { readonly error: string }>>;
}

export interface ExpectedPlan {
  /** [irq, cpu, mask] of the vectors that have a CPU. */
  readonly vectors: readonly (readonly [number, number, string])[];
  readonly cores: readonly number[];
  readonly nodes: readonly number[];
  readonly warnings: readonly string[];
}

export type ExpectedInterfaces = Readonly<Record<string, ExpectedInterface>>;
type Plans = NonNullable<ExpectedInterface['plans']>;

const FIRST_IRQ = 32;
const ROLES: Readonly<Record<string, string>> = {
  r: 'receive',
  i: 'idle',
  t: 'transmit',
  c: 'control',
};
const MACHINES = new URL('../machines/', import.meta.url);
const readJson = (name: string): unknown => JSON.parse(fs.readFileSync(new URL(name, MACHINES), 'utf8'));

const rows = new Map(
  (readJson('drivers.json') as readonly DriverRow[]).map((row) => [row.machine, row] as const),
);

/** Names of the machines of drivers.json: `4-2-igb`. */
export function listDriverMachines(): string[] {
  return [...rows.keys()];
}

/** Makes the /proc and /sys of such a machine below a directory. */
export function makeDriverMachine(directory: string, name: string): void {
  makeMachine(directory, { cpus: 4, nodes: 2, firstIrq: FIRST_IRQ, nics: nicsOf(rowOf(name)).map(madeNic) });
}

export function expectedOfDriver(name: string): ExpectedInterfaces {
  const row = rowOf(name);
  const plans = (readJson('drivers.plans.json') as Readonly<Record<string, Readonly<Record<string, Plans>>>>)[
    name
  ];
  const { other } = row;
  const samePort = other?.pci !== undefined && other.pci === row.pci;
  return Object.fromEntries(
    nicsOf(row).map((nic, i) => {
      const interfaceName = nic.name ?? 'eth0';
      const firstIrq = i === 0 || samePort ? FIRST_IRQ : FIRST_IRQ + row.vectors.length;
      return [interfaceName, expectedOfNic(nic, firstIrq, plans?.[interfaceName] ?? {})];
    }),
  );
}

function rowOf(name: string): DriverRow {
  const row = rows.get(name);
  if (row === undefined) throw new Error(`no machine ${name} in test/machines`);
  return row;
}

const nicsOf = (row: DriverRow): DriverNic[] => (row.other === undefined ? [row] : [row, row.other]);

function madeNic({ name = 'eth0', node = 1, vectors, ...nic }: DriverNic): MadeNic {
  const receive = vectors.filter((vector) => vector.startsWith('r')).length;
  return {
    receiveQueues: Math.max(1, receive),
    ...nic,
    name,
    node,
    vectors: vectors.map((vector) => vector.split(' ')[1] ?? ''),
  };
}

function expectedOfNic(nic: DriverNic, firstIrq: number, plans: Plans): ExpectedInterface {
  if (nic.error !== undefined) return { error: nic.error };
  const vectors = nic.vectors.flatMap((vector, i) => {
    const [what = '', action = ''] = vector.split(' ');
    const role = ROLES[what.charAt(0)];
    if (role === undefined) return [];
    return [[firstIrq + i, action, role, what.length > 1 ? Number(what.slice(1)) : null] as const];
  });
  return { vectors, discoveryWarnings: nic.warnings ?? [], plans };
}
