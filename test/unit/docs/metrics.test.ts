import { expect, it } from 'vitest';
import { read } from '../../../scripts/docs/generated.ts';
import { METRICS, NAMES } from '../../../src/metrics/names.ts';

const rows = read('docs/metrics.md')
  .split('\n')
  .filter((line) => line.startsWith('| `start_katran_'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

it('docs/metrics.md has a row for each metric, as the file has it, and no other', () => {
  const expected = NAMES.map((name) => {
    const { type, labels, help } = METRICS[name];
    return [`\`start_katran_${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help];
  });
  expect(rows).toEqual(expected);
});
