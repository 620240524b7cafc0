import { expect, it } from 'vitest';
import { CATALOGUE } from './support/catalogue.ts';
import { reliabilityTable } from './support/reliability-table.ts';

const faults = CATALOGUE.flatMap((kind) => kind.faults);

it('docs/reliability.md is what the faults of this suite say', async () => {
  const table = await reliabilityTable(CATALOGUE);
  process.stdout.write(`${table}\n`);
  await expect(table).toMatchFileSnapshot('../../docs/reliability.md');
});

it('there are at least 40 faults, each with a name of its own', () => {
  const names = faults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
});

it('a fault after which XDP stays attached tells how to detach it, unless the reader of the log is gone', () => {
  for (const fault of faults.filter(({ xdp }) => xdp === 'stays attached')) {
    const told = fault.says.some((pattern) => pattern.source.includes('xdp off'));
    expect(told || fault.reaches === 'unseen', fault.name).toBe(true);
  }
});
