import { field, numberField, parseToolList, textField } from './json.ts';
import type { Tools } from './toolbox.ts';

/** Kinds in the output of `tc -j qdisc show dev IF`: `mq`, `clsact`. Throws Failure when that is no JSON. */
export function parseQdiscKinds(text: string): string[] {
  return parseToolList('tc', text).map((item) => String(field(item, 'kind')));
}

/** Throws Failure. */
export async function readQdiscKinds(tools: Tools, name: string): Promise<string[]> {
  return parseQdiscKinds(await tools.ask('tc', ['-j', 'qdisc', 'show', 'dev', name]));
}

/** A BPF filter of an interface's egress. */
export interface BpfFilter {
  readonly priority: number;
  /** `0x1`, as tc takes it back. */
  readonly handle: string;
  readonly program: number;
}

/** Of the output of `tc -j filter show dev IF egress`, which also has a line without a handle for each priority. */
export function parseBpfFilters(text: string): BpfFilter[] {
  return parseToolList('tc', text).flatMap((item) => {
    const options = field(item, 'options');
    const priority = numberField(item, 'pref');
    const handle = textField(options, 'handle');
    const program = numberField(field(options, 'prog'), 'id');
    if (field(item, 'kind') !== 'bpf' || priority === undefined) return [];
    return handle === undefined || program === undefined ? [] : [{ priority, handle, program }];
  });
}

/** Longer than for a question: a filter that is left because a machine was busy takes the packets of the next katran's. */
const FILTERS_TIMEOUT_MS = 10_000;

/** Throws Failure. */
export async function readBpfFilters(tools: Tools, name: string): Promise<BpfFilter[]> {
  const which = ['-j', 'filter', 'show', 'dev', name, 'egress'];
  return parseBpfFilters(await tools.ask('tc', which, { timeoutMs: FILTERS_TIMEOUT_MS }));
}

/** Throws Failure. */
export async function deleteBpfFilter(
  tools: Tools,
  name: string,
  { priority, handle }: BpfFilter,
): Promise<void> {
  const which = ['prio', String(priority), 'handle', handle, 'bpf'];
  await tools.ask('tc', ['filter', 'del', 'dev', name, 'egress', ...which], {
    timeoutMs: FILTERS_TIMEOUT_MS,
  });
}
