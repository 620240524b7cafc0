import { messageOf } from '../failure.ts';
import { deleteBpfFilter, readBpfFilters } from '../tools/tc.ts';
import type { Launch } from './types.ts';

/**
 * Deletes the healthchecking filters that killed katrans left: each adds one of its own to its priority, and a killed one's stays. What is
 * kept is the filter of one of these programs; where it is not seen, nothing is deleted. Never rejects: forwarding does not depend on it.
 */
export async function deleteLeftFilters(
  { options, tools, interfaceName, log }: Pick<Launch, 'options' | 'tools' | 'interfaceName' | 'log'>,
  keep: readonly number[] | 'none',
): Promise<void> {
  const { enable_hc: enabled, hc_intf: named, priority } = options;
  if (!enabled) return;
  const device = named ?? interfaceName;
  try {
    const filters = (await readBpfFilters(tools, device)).filter((filter) => filter.priority === priority);
    const kept = (program: number): boolean => keep !== 'none' && keep.includes(program);
    if (keep !== 'none' && !filters.some(({ program }) => kept(program))) return;
    for (const filter of filters.filter(({ program }) => !kept(program)))
      await deleteBpfFilter(tools, device, filter);
  } catch (error) {
    log.warn(
      `healthchecking filters of a killed katran may be left on ${device}: ${messageOf(error)}; see 'tc filter show dev ${device} egress'`,
    );
  }
}
