import Table from 'cli-table3';
import type { PlannedVector } from '../affinity/types.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import { parseAffinityMask } from '../linux/smp-affinity.ts';
import type { PlanReport } from './json-plan.ts';
import { shellLine } from './shell-quote.ts';
import type { Style } from './style.ts';

function cpusNow(vector: PlannedVector): string {
  return vector.current === null ? '?' : formatCpuList(parseAffinityMask(vector.current));
}

function vectorTable(vectors: readonly PlannedVector[], style: Style): string {
  const severalNics = new Set(vectors.map((vector) => vector.nic)).size > 1;
  const table = new Table({
    head: ['IRQ', ...(severalNics ? ['NIC'] : []), 'name', 'role', 'queue', 'CPU now', 'planned', 'node'],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: NO_BORDERS,
    colAligns: ['right'],
  });
  for (const vector of vectors) {
    const now = cpusNow(vector);
    const planned = vector.cpu === null ? '-' : String(vector.cpu);
    table.push([
      String(vector.irq),
      ...(severalNics ? [vector.nic] : []),
      vector.name,
      vector.role,
      vector.queue === null ? '-' : String(vector.queue),
      now,
      planned === '-' || planned === now ? planned : style.change(planned),
      vector.node === null ? '-' : String(vector.node),
    ]);
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => ['', '-mid', '-left', '-right'].map((part) => [side + part, '']))
    .concat([
      ['middle', ''],
      ['left-mid', ''],
      ['mid-mid', ''],
      ['right-mid', ''],
    ]),
);

function gatewayLine({ gateway }: PlanReport): string {
  if (gateway === null) return 'gateway unknown';
  const address = gateway.address ?? 'address unknown';
  return `gateway ${address} on ${gateway.interface}, MAC ${gateway.mac ?? 'unknown'}`;
}

/** What would be written and started, for people. Ends with a line feed. */
export function previewText(report: PlanReport, argumentLine: readonly string[], style: Style): string {
  const { plan, warnings } = report;
  const nics = plan.nics.map(
    ({ name, driver, node }) => `${name} (${driver ?? 'no driver'}, node ${node < 0 ? 'unknown' : node})`,
  );
  return [
    `number of CPUs ${plan.topology.online.length}`,
    `interface ${plan.interface}, strategy ${plan.strategy}, NIC ${nics.join(', ')}`,
    ...(plan.vectors.length === 0 ? [] : ['', vectorTable(plan.vectors, style), '']),
    gatewayLine(report),
    ...warnings.map(({ code, message }) => style.warning(`warning (${code}): ${message}`)),
    shellLine(argumentLine),
    '',
  ].join('\n');
}
