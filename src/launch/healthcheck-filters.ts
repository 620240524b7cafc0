import { messageOf } from '../failure.ts';
import { deleteBpfFilter, readBpfFilters, type BpfFilter } from '../tools/tc.ts';
import type { Launch } from './types.ts';

type Side = Pick<Launch, 'options' | 'tools' | 'interfaceName' | 'log'>;

const deviceOf = ({ options, interfaceName }: Side): string => options.hc_intf ?? interfaceName;

async function filtersOf(side: Side): Promise<BpfFilter[]> {
  const filters = await readBpfFilters(side.tools, deviceOf(side));
  return filters.filter(({ priority }) => priority === side.options.priority);
}

/** Never rejects: forwarding does not depend on it. */
async function deleteWhere(
  side: Side,
  isLeft: (filters: readonly BpfFilter[]) => readonly BpfFilter[],
): Promise<void> {
  const { options, tools, log } = side;
  if (!options.enable_hc) return;
  const device = deviceOf(side);
  try {
    for (const filter of isLeft(await filtersOf(side))) await deleteBpfFilter(tools, device, filter);
  } catch (error) {
    log.warn(
      `healthchecking filters of a killed katran may be left on ${device}: ${messageOf(error)}; see 'tc filter show dev ${device} egress'`,
    );
  }
}

/**
 * Deletes the healthchecking filters that killed katrans left: each adds one of its own to its priority, and a killed one's stays. What is
 * kept is the filter of one of these programs; where it is not seen, nothing is deleted. Never rejects.
 */
export function deleteLeftFilters(side: Side, keep: readonly number[] | 'none'): Promise<void> {
  const kept = ({ program }: BpfFilter): boolean => keep !== 'none' && keep.includes(program);
  return deleteWhere(side, (filters) =>
    keep === 'none' || filters.some(kept) ? filters.filter((filter) => !kept(filter)) : [],
  );
}

/** Programs of the healthchecking filters that are there now; undefined where nothing tells. Never rejects. */
export async function healthcheckPrograms(side: Side): Promise<readonly number[] | undefined> {
  if (!side.options.enable_hc) return undefined;
  try {
    return (await filtersOf(side)).map(({ program }) => program);
  } catch {
    return undefined;
  }
}

/**
 * Deletes the filters that came after those of `before`, as healthcheckPrograms gave them: a katran that was started since then and has
 * not taken over. The kernel asks the newest filter first, so that one of a dead katran would hide the living one's. Never rejects.
 */
export async function deleteFiltersSince(side: Side, before: readonly number[] | undefined): Promise<void> {
  if (before === undefined) return;
  await deleteWhere(side, (filters) => filters.filter(({ program }) => !before.includes(program)));
}
