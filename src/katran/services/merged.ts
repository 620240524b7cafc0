import { changesBetween, isNothing } from './changes.ts';
import { ordered } from './order.ts';
import { vipName, type Services } from './types.ts';

/** Whether two katrans have the same services. */
export function isSame(one: Services, other: Services): boolean {
  const changes = changesBetween(one, other, true);
  return isNothing(changes) && changes.realFlags.length === 0;
}

/** Entries by name: theirs where they changed since the base, else ours. */
function mergedList<T>(
  [base, theirs, ours]: readonly (readonly T[])[],
  nameOf: (entry: T) => string,
  isEqual: (one: T, other: T) => boolean,
): T[] {
  const byName = (list: readonly T[] = []): Map<string, T> =>
    new Map(list.map((entry) => [nameOf(entry), entry]));
  const [before, after, own] = [byName(base), byName(theirs), byName(ours)];
  return [...new Set([...after.keys(), ...own.keys()])].flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    const changed = was === undefined ? is !== undefined : is === undefined || !isEqual(was, is);
    return (changed ? is : own.get(name)) ?? [];
  });
}

/**
 * What two katrans that began with the same services have to have together, after clients changed either: `theirs` decides about each
 * VIP, QUIC id and healthcheck that it has otherwise than the base, `ours` about the rest.
 */
export function merged(base: Services, theirs: Services, ours: Services): Services {
  const all = [base, theirs, ours];
  const alone = (vip: Services['vips'][number]): Services => ({ vips: [vip], quic: [], healthchecks: [] });
  return ordered({
    vips: mergedList(
      all.map(({ vips }) => vips),
      vipName,
      (one, other) => isSame(alone(one), alone(other)),
    ),
    quic: mergedList(
      all.map(({ quic }) => quic),
      ({ id }) => String(id),
      (one, other) => one.address === other.address,
    ),
    healthchecks: mergedList(
      all.map(({ healthchecks }) => healthchecks),
      ({ somark }) => String(somark),
      (one, other) => one.address === other.address,
    ),
  });
}
