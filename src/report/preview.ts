import { differingVectors } from '../affinity/differing.ts';
import { receiving } from '../affinity/receiving.ts';
import type { AffinityPlan, PlannedVector } from '../affinity/types.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import { parseAffinityMask } from '../linux/smp-affinity.ts';
import { cpuMap } from './cpu-map.ts';
import { argumentLine, type Prepared } from '../planning/prepare.ts';
import type { Landing } from './queue-names.ts';
import type { Screen } from '../terminal/screen.ts';
import { shellLine } from '../terminal/shell-quote.ts';
import { table } from '../terminal/table.ts';
import { wrapped } from '../terminal/wrap.ts';

function cpusNow(vector: PlannedVector): string {
  return vector.current === null ? '?' : formatCpuList(parseAffinityMask(vector.current));
}

function vectorRow(vector: PlannedVector, severalNics: boolean, screen: Screen): string[] {
  const now = cpusNow(vector);
  const planned = vector.cpu === null ? '-' : String(vector.cpu);
  const row = [
    String(vector.irq),
    vector.nic,
    vector.name,
    vector.idle ? 'idle' : vector.role,
    vector.queue === null ? '-' : String(vector.queue),
    now,
    planned === '-' || planned === now ? planned : screen.change(planned),
    vector.node === null ? '-' : String(vector.node),
  ];
  return severalNics ? row : row.toSpliced(1, 1);
}

/** The CPUs in the plan are those from before the writing. */
function vectorTable(vectors: readonly PlannedVector[], screen: Screen, written: boolean): string {
  const severalNics = new Set(vectors.map((vector) => vector.nic)).size > 1;
  const current = written ? 'CPU before' : 'CPU now';
  const head = ['IRQ', 'NIC', 'name', 'role', 'queue', current, 'planned', 'node'];
  return table(
    severalNics ? head : head.toSpliced(1, 1),
    vectors.map((vector) => vectorRow(vector, severalNics, screen)),
    [0],
  );
}

function gatewayLine({ gateway }: Prepared): string {
  if (gateway === null) return 'gateway unknown';
  const address = gateway.address ?? 'address unknown';
  return `gateway ${address} on ${gateway.interface}, MAC ${gateway.mac}`;
}

/** Where the plan puts the queues. */
function plannedLandings({ vectors }: AffinityPlan): Landing[] {
  return vectors.flatMap(({ nic, role, queue, idle, cpu }) =>
    role === 'control' || idle || queue === null || cpu === null ? [] : [{ nic, role, queue, cpus: [cpu] }],
  );
}

function plannedMap(plan: AffinityPlan, screen: Screen): string[] {
  const landings = plannedLandings(plan);
  // Where queues are planned, their CPUs are the forwarding cores; only without any do these need a mark.
  const forwardingCores = landings.length === 0 ? plan.forwardingCores : null;
  return cpuMap({ topology: plan.topology, nics: plan.nics, landings, forwardingCores, rates: null }, screen);
}

/** What the plan comes to, in one line. */
function summary({ plan }: Prepared, written: boolean): string {
  const receive = receiving(plan.vectors);
  const cores = `forwarding ${plan.forwardingCores.length === 1 ? 'core' : 'cores'} ${formatCpuList([...plan.forwardingCores].sort((a, b) => a - b))}`;
  if (plan.vectors.length === 0) return `${plan.interface}: ${cores}`;
  const differ = differingVectors(plan).length;
  const masks =
    differ === 0
      ? 'no interrupt to move'
      : `${differ} of ${plan.vectors.length} interrupts ${written ? 'moved' : 'to move'}`;
  return `${receive.length} receive ${receive.length === 1 ? 'queue' : 'queues'} on ${cores}; ${masks}`;
}

/** Cut at the width of the terminal: whoever needs all of it does not read it from there. */
function cutArguments(prepared: Prepared, { columns, unicode }: Screen): string {
  const line = shellLine(argumentLine(prepared));
  const more = `${unicode ? '…' : '...'} (all of it: | cat)`;
  return line.length <= columns ? line : line.slice(0, Math.max(0, columns - more.length)) + more;
}

/**
 * What would be written and started, for people; what matters most is last, where a terminal shows it: the summary and the warnings, or
 * for scripts katran's arguments, whole. `written`: the masks of the plan were written before. Ends with a line feed.
 */
export function previewText(
  prepared: Prepared,
  screen: Screen,
  { onTerminal = false, written = false } = {},
): string {
  const { plan, warnings } = prepared;
  const nics = plan.nics.map(
    ({ name, driver, node }) => `${name} (${driver ?? 'no driver'}, node ${node < 0 ? 'unknown' : node})`,
  );
  const warned = warnings.flatMap(({ code, message }) => {
    const text = `warning (${code}): ${message}`;
    // For scripts a warning is one line.
    const lines = onTerminal ? wrapped(text, screen.columns, { whole: true }) : [text];
    return lines.map((line) => screen.warning(line));
  });
  const last = onTerminal
    ? [
        cutArguments(prepared, screen),
        gatewayLine(prepared),
        screen.title(summary(prepared, written)),
        ...warned,
      ]
    : [gatewayLine(prepared), summary(prepared, written), ...warned, shellLine(argumentLine(prepared))];
  return [
    `number of CPUs ${plan.topology.online.length}`,
    `interface ${plan.interface}, strategy ${plan.strategy}, NIC ${nics.join(', ')}`,
    ...(plan.vectors.length === 0 ? [] : ['', vectorTable(plan.vectors, screen, written)]),
    '',
    ...plannedMap(plan, screen),
    '',
    ...last,
    '',
  ].join('\n');
}
