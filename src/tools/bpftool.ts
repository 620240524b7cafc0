import { Failure } from '../failure.ts';
import { field, numberField, parseToolJson, parseToolList, textField } from './json.ts';
import type { AskOptions, Tools } from './toolbox.ts';

export interface PinnedMap {
  /** `prog_array`, `hash`, … */
  readonly type: string;
  readonly maxEntries: number;
}

/** Of the output of `bpftool -j map show pinned FILE`. Throws Failure when that is no map. */
export function parsePinnedMap(text: string): PinnedMap {
  const map = parseToolJson('bpftool', text);
  const type = textField(map, 'type');
  const maxEntries = numberField(map, 'max_entries');
  if (type === undefined || maxEntries === undefined) throw new Failure('bpftool printed no map');
  return { type, maxEntries };
}

/** Longer than for a question: no launch fails and no slot is left unknown because a machine is busy. */
export const ARRAY_TIMEOUT_MS = 10_000;

/** The map pinned at this path. Throws Failure. */
export async function readPinnedMap(
  tools: Tools,
  file: string,
  options: Pick<AskOptions, 'timeoutMs'> = {},
): Promise<PinnedMap> {
  return parsePinnedMap(await tools.ask('bpftool', ['-j', 'map', 'show', 'pinned', file], options));
}

/** Four bytes of a key or an id, as bpftool takes them on its command line. */
const bytesOf = (value: number): string[] => [0, 8, 16, 24].map((shift) => String((value >>> shift) & 0xff));

/** A byte list such as `["0x85","0x00","0x00","0x00"]`, little endian, as a number. */
function numberOfBytes(bytes: unknown): number | undefined {
  if (!Array.isArray(bytes) || bytes.length !== 4) return undefined;
  const numbers = bytes.map(Number);
  if (numbers.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) return undefined;
  return numbers.reduceRight((sum, byte) => sum * 256 + byte, 0);
}

/** Of the output of `bpftool -j map dump pinned FILE` of a prog array: program ids by slot; only filled slots are there. */
export function parseProgramSlots(text: string): Map<number, number> {
  const slots = new Map<number, number>();
  for (const entry of parseToolList('bpftool', text)) {
    const key = numberOfBytes(field(entry, 'key'));
    const value = numberOfBytes(field(entry, 'value'));
    if (key === undefined || value === undefined) throw new Failure('bpftool printed no program array');
    slots.set(key, value);
  }
  return slots;
}

/** Program ids by slot of a pinned prog array. Throws Failure. */
export async function readProgramSlots(tools: Tools, file: string): Promise<Map<number, number>> {
  const options = { timeoutMs: ARRAY_TIMEOUT_MS };
  return parseProgramSlots(await tools.ask('bpftool', ['-j', 'map', 'dump', 'pinned', file], options));
}

/** Puts a program into a slot, in one step: a packet meets what was there, or this. Throws Failure. */
export async function putProgram(tools: Tools, file: string, slot: number, id: number): Promise<void> {
  const change = ['map', 'update', 'pinned', file, 'key', ...bytesOf(slot), 'value', 'id', String(id)];
  await tools.ask('bpftool', change, { timeoutMs: ARRAY_TIMEOUT_MS });
}

/** Empties a slot that holds a program. Throws Failure. */
export async function deleteProgram(tools: Tools, file: string, slot: number): Promise<void> {
  const change = ['map', 'delete', 'pinned', file, 'key', ...bytesOf(slot)];
  await tools.ask('bpftool', change, { timeoutMs: ARRAY_TIMEOUT_MS });
}

/** The name of a loaded program; undefined where it has none, is gone, or may not be asked for (that takes CAP_SYS_ADMIN). */
export async function readProgramName(tools: Tools, id: number): Promise<string | undefined> {
  return textField(await programOrNothing(tools, id), 'name');
}

/** Whether a program uses the map pinned at this path; undefined where that cannot be said. */
export async function isProgramUsingMap(
  tools: Tools,
  id: number,
  file: string,
): Promise<boolean | undefined> {
  try {
    const map = numberField(
      parseToolJson('bpftool', await tools.ask('bpftool', ['-j', 'map', 'show', 'pinned', file])),
      'id',
    );
    const used = field(await programOrNothing(tools, id), 'map_ids');
    return map === undefined || !Array.isArray(used) ? undefined : used.includes(map);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function programOrNothing(tools: Tools, id: number): Promise<unknown> {
  try {
    return parseToolJson('bpftool', await tools.ask('bpftool', ['-j', 'prog', 'show', 'id', String(id)]));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
