import type { Host } from './host.ts';
import type { Feature } from '../tools/ethtool.ts';

/** The members on which `ethtool -k` shows the feature switched on, and those that have no such line. */
export async function membersWith(
  host: Host,
  feature: string,
): Promise<{ on: { name: string; feature: Feature }[]; unknown: string[]; names: string[] }> {
  const names = host.members().map(({ name }) => name);
  const on: { name: string; feature: Feature }[] = [];
  const unknown: string[] = [];
  await Promise.all(
    names.map(async (name) => {
      const found = (await host.features(name)).get(feature);
      if (found === undefined) unknown.push(name);
      else if (found.on) on.push({ name, feature: found });
    }),
  );
  return { on, unknown, names };
}
