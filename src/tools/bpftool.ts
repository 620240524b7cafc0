import { Failure } from '../failure.ts';
import { numberField, parseToolJson, textField } from './json.ts';
import type { Tools } from './toolbox.ts';

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

/** The map pinned at this path. Throws Failure. */
export async function readPinnedMap(tools: Tools, file: string): Promise<PinnedMap> {
  return parsePinnedMap(await tools.ask('bpftool', ['-j', 'map', 'show', 'pinned', file]));
}
