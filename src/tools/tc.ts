import { field, parseToolList } from './json.ts';
import type { Tools } from './toolbox.ts';

/** Kinds in the output of `tc -j qdisc show dev IF`: `mq`, `clsact`. Throws Failure when that is no JSON. */
export function parseQdiscKinds(text: string): string[] {
  return parseToolList('tc', text).map((item) => String(field(item, 'kind')));
}

/** Throws Failure. */
export async function readQdiscKinds(tools: Tools, name: string): Promise<string[]> {
  return parseQdiscKinds(await tools.ask('tc', ['-j', 'qdisc', 'show', 'dev', name]));
}
