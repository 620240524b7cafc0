import { receiving } from '../affinity/receiving.ts';
import { cpuMap } from '../report/cpu-map.ts';
import { shortCount } from '../report/load.ts';
import type { Landing } from '../report/queue-names.ts';
import { firstFew } from '../terminal/first-few.ts';
import type { Screen } from '../terminal/screen.ts';
import { printable } from '../terminal/printable.ts';
import { table } from '../terminal/table.ts';
import { wrapped } from '../terminal/wrap.ts';
import { formatCpuList } from '../linux/cpu-list.ts';
import { katranFlagsOf } from './findings.ts';
import { trafficWords, vipTable } from './traffic-text.ts';
import type { Observation, QueueRate, StatusReport } from './types.ts';

const two = (n: number): string => String(n).padStart(2, '0');

function localTime(ms: number): string {
  const t = new Date(ms);
  return `${t.getFullYear()}/${two(t.getMonth() + 1)}/${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}

/** `12 s`, `5 min`, `3 h 20 min`, `12 days`. */
function forHowLong(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

function katranWords({ katran, address }: Observation, now: number, screen: Screen): string {
  if (!katran.listening) return `${screen.bad('down')}, nothing listens on ${address}`;
  const [owner] = katran.owners;
  if (owner === undefined) return `${screen.good('up')} on ${address}, its process is hidden`;
  const since =
    owner.since === null ? '' : `, since ${localTime(owner.since)} (${forHowLong(now - owner.since)})`;
  return `${screen.good('up')}, pid ${owner.pid} on ${address}${since}`;
}

/** With -handover a katran that was started in one slot has moved to the one before: the flag says where it was started. */
function slotWords(program: Observation['program'], started: string): string {
  const slot = program?.kind === 'own' ? program.inSlot?.slot : undefined;
  return slot === undefined ? `started in slot ${printable(started)}` : `slot ${slot}`;
}

function interfaceWords({
  interface: chosen,
  katran,
  xdp,
  nics,
  interfaceTrouble,
  program,
}: Observation): string {
  if ('trouble' in chosen) return 'unknown';
  const flags = katranFlagsOf(katran);
  const mode =
    flags === null
      ? []
      : [
          flags.mapPath === ''
            ? 'standalone'
            : `shared mode, ${slotWords(program, flags.mapPosition)} of ${printable(flags.mapPath)}`,
        ];
  const drivers = [...new Set(nics.flatMap(({ driver }) => driver ?? []))];
  return [
    printable(chosen.value),
    ...(drivers.length === 0 ? [] : [printable(drivers.join(' and '))]),
    ...(interfaceTrouble === null ? [] : ['down']),
    ...mode,
    ...(xdp === null ? [] : [xdp === 'none' ? 'no XDP program' : `XDP ${xdp}`]),
  ].join(', ');
}

function macWords({ mac, gateway }: Observation, screen: Screen): string {
  const has = 'value' in mac ? mac.value : 'unknown';
  if ('trouble' in gateway) return `${has}; gateway unknown`;
  const { address, interface: device, mac: wanted } = gateway.value;
  const router = address === null ? 'that of -default_mac' : `gateway ${address}`;
  if ('value' in mac && wanted === mac.value)
    return `${mac.value}, ${screen.good('the same')} as ${router} on ${device}`;
  return `${has}, ${'value' in mac ? screen.bad('but') : 'and'} ${router} has ${wanted}`;
}

function affinityWords({ katran, vectors }: Observation, wrong: boolean, screen: Screen): string {
  const queues = 'value' in vectors ? receiving(vectors.value).length : null;
  const counted =
    queues === null ? 'queues unknown' : `${queues} receive ${queues === 1 ? 'queue' : 'queues'}`;
  const cores = katranFlagsOf(katran)?.forwardingCores ?? null;
  if (cores === null) return `${counted}; katran's forwarding cores unknown`;
  if (cores.length === 0) return `${counted}; ${screen.bad('katran has no forwarding cores')}`;
  const told = `katran's forwarding cores ${formatCpuList(cores)}`;
  if (queues === null) return `${counted}; ${told}`;
  return wrong
    ? `${counted}, ${screen.bad('not as planned')}; ${told}`
    : `${counted}, ${screen.good('as planned')} on ${told}`;
}

function fallbackWords({ observed, fallbackPerSecond }: StatusReport): string {
  if (observed.fallback === null) return 'unknown';
  const rate = fallbackPerSecond === null ? '' : `, ${shortCount(fallbackPerSecond)} per second now`;
  return `${observed.fallback} packets used the fallback table${rate}`;
}

const AFFINITY_CODES = new Set([
  'affinity-outside',
  'affinity-differs',
  'numa-differs',
  'core-offline',
  'no-forwarding-cores',
]);

function facts(report: StatusReport, now: number, screen: Screen): string[] {
  const { observed, problems } = report;
  const wrong = problems.some(({ code }) => AFFINITY_CODES.has(code));
  return [
    `katran     ${katranWords(observed, now, screen)}`,
    `interface  ${interfaceWords(observed)}`,
    `MAC        ${macWords(observed, screen)}`,
    `affinity   ${affinityWords(observed, wrong, screen)}`,
    `traffic    ${trafficWords(report.traffic)}`,
    `fallback   ${fallbackWords(report)}`,
  ];
}

/** CPUs named in a row of the table before the rest is only counted. */
const BUSIEST = 3;

function takenBy({ byCpu }: QueueRate): string {
  const busy = [...byCpu].sort(([, a], [, b]) => b - a);
  if (busy.length === 1) return `CPU ${busy[0]?.[0]}`;
  return firstFew(
    busy.map(([cpu, rate]) => `CPU ${cpu} ${shortCount(rate)}`),
    BUSIEST,
  );
}

/** How the table of queues is ordered; by `rate`: the busiest first. */
export type QueueOrder = 'queue' | 'CPU' | 'rate';

/** The queues as they come are in the order of NIC and number, and stay so among equals. */
function inOrder(queues: readonly QueueRate[], order: QueueOrder): readonly QueueRate[] {
  const firstCpu = ({ cpus }: QueueRate): number => cpus[0] ?? Number.POSITIVE_INFINITY;
  switch (order) {
    case 'queue':
      return queues;
    case 'CPU':
      return queues.toSorted((a, b) => (firstCpu(a) < firstCpu(b) ? -1 : firstCpu(a) > firstCpu(b) ? 1 : 0));
    case 'rate':
      return queues.toSorted((a, b) => b.perSecond - a.perSecond);
  }
}

/** `12k irq/s, 8 queues, 4 CPUs`: CPUs that take any. */
export function totalWords({ queues, rates }: StatusReport): string {
  const total = [...rates.values()].reduce((sum, rate) => sum + rate, 0);
  const cpus = [...rates.values()].filter((rate) => rate > 0).length;
  return `${shortCount(total)} irq/s, ${queues.length} queues, ${cpus} CPUs`;
}

function queueTable({ queues, observed }: StatusReport, order: QueueOrder): string[] {
  if (queues.length === 0) return [];
  const several = observed.nics.length > 1;
  const rows = inOrder(queues, order).map((queue) => [
    ...(several ? [queue.nic] : []),
    String(queue.queue),
    queue.irqs.join(','),
    formatCpuList(queue.cpus) || '?',
    shortCount(queue.perSecond),
    takenBy(queue),
  ]);
  const head = [...(several ? ['NIC'] : []), 'queue', 'IRQ', 'on CPU', 'irq/s', 'taken by'];
  return ['', ...table(head, rows, several ? [1, 4] : [0, 3]).split('\n')];
}

function landings({ vectors }: Observation): Landing[] {
  if ('trouble' in vectors) return [];
  return vectors.value.flatMap(({ nic, role, queue, cpus }) =>
    role === 'control' || queue === null ? [] : [{ nic, role, queue, cpus }],
  );
}

function liveMap({ observed, rates }: StatusReport, screen: Screen): string[] {
  const forwardingCores = katranFlagsOf(observed.katran)?.forwardingCores ?? null;
  const { topology, nics } = observed;
  return cpuMap({ topology, nics, landings: landings(observed), forwardingCores, rates }, screen);
}

/** One line for each thing that is wrong or worth knowing; on a narrow screen continued on indented ones. */
function verdict({ problems, notes }: StatusReport, screen: Screen, wrapAt: number | null): string[] {
  const line = (label: string, colour: (text: string) => string, message: string): string[] => {
    const text = `${label} ${message}`;
    const [first = '', ...more] = wrapAt === null ? [text] : wrapped(text, wrapAt - 2);
    return [colour(label) + first.slice(label.length), ...more.map((rest) => `  ${rest}`)];
  };
  return [
    ...notes.flatMap(({ code, message }) => line(`note (${code}):`, screen.warning, message)),
    ...problems.flatMap(({ code, message }) => line(`WRONG (${code}):`, screen.bad, message)),
    ...(problems.length > 0 ? [] : [screen.good('nothing wrong')]),
  ];
}

/**
 * The report for people, in parts that a caller puts in order; `now` in ms since 1970. `wrapAt`: columns after which a long
 * message is continued on the next line; null: never.
 */
export function statusParts(
  report: StatusReport,
  now: number,
  screen: Screen,
  wrapAt: number | null,
): {
  facts: string[];
  map: string[];
  vips: (most: number) => string[];
  queues: (order: QueueOrder) => string[];
  verdict: string[];
} {
  return {
    facts: facts(report, now, screen),
    map: ['', ...liveMap(report, screen)],
    vips: (most) => (report.traffic === null ? [] : vipTable(report.traffic, most)),
    queues: (order) => queueTable(report, order),
    verdict: verdict(report, screen, wrapAt),
  };
}
