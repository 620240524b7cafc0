import fs from 'node:fs';
import path from 'node:path';
import { machinePath } from '../../support/machines.ts';

/** The masks by IRQ that -affinitize writes for eth0 of the staged machine, as its expected.json has them. */
export function plannedMasks(): Record<string, string> {
  const expected: unknown = JSON.parse(
    fs.readFileSync(path.join(machinePath('8-2-mixed'), 'expected.json'), 'utf8'),
  );
  const vectors = ['interfaces', 'eth0', 'plans', 'all-nodes', 'vectors'].reduce(member, expected);
  if (!Array.isArray(vectors) || vectors.length === 0)
    throw new Error('expected.json has no plan all-nodes for eth0');
  return Object.fromEntries(
    vectors.map((vector: unknown) => {
      if (!Array.isArray(vector)) throw new Error(`not a planned vector: ${String(vector)}`);
      return [String(vector[0]), String(vector[2])];
    }),
  );
}

function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null
    ? Object.entries(of).find(([key]) => key === name)?.[1]
    : undefined;
}
