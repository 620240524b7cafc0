import type { ProgramPlace } from '../katran/program.ts';
import { RootArray } from '../katran/root-array.ts';
import type { Launch } from './types.ts';

/** Where the program of this launch's katran has to be: with -handover, once it has taken over. */
export function placeOf({
  root,
  tools,
  interfaceName,
  options,
}: Pick<Launch, 'root' | 'tools' | 'interfaceName' | 'options'>): ProgramPlace {
  const { map_path: file, map_pos: slot } = options;
  return { root, tools, interfaceName, array: file === '' ? undefined : new RootArray(tools, file, slot) };
}
