import { version } from '../../package.json';
import { Failure, messageOf } from '../failure.ts';
import { listNetDevices, readNetDevice } from '../linux/net-device.ts';
import { readRoutes, defaultRoutes } from '../linux/net-route.ts';
import { jsonPlan } from '../report/json-plan.ts';
import { shellLine } from '../terminal/shell-quote.ts';
import { doctorText } from './text.ts';
import type { Host } from './host.ts';
import type { Screen } from '../terminal/screen.ts';
import { checksums } from './checksums.ts';
import { machineWords } from './machine.ts';
import { redact } from './redact.ts';
import { REPORT_TITLE } from './report-file.ts';
import type { CheckResult } from './types.ts';

/** Of the kernel's command line only what concerns CPUs, interrupts and XDP: the rest can hold anything. */
const BOOT_PARAMETERS =
  /^(?:isolcpus|nohz_full|rcu_nocbs|irqaffinity|nr_cpus|maxcpus|numa|mitigations|intel_iommu|amd_iommu|iommu|intremap|pci|threadirqs|hugepages)(?:[.=]|$)/;

const SYSCTLS = [
  ...[
    'bpf_jit_enable',
    'bpf_jit_harden',
    'bpf_jit_limit',
    'bpf_jit_kallsyms',
    'netdev_budget',
    'netdev_max_backlog',
  ].map((name) => `net/core/${name}`),
  ...['kernel/unprivileged_bpf_disabled', 'kernel/numa_balancing', 'net/ipv4/ip_forward'],
];

const ETHTOOL = [['-i'], ['-k'], ['-l'], ['-g'], ['-c'], ['-x'], ['--show-priv-flags'], ['-S']] as const;
/** Counters per queue fill pages; what is lost or concerns XDP is what is asked for. */
const TELLING_COUNTER = /xdp|drop|err|miss|discard|no_buf|alloc/i;

const WHERE_TO =
  'Read it, then attach it to an issue where you have start-katran from; say what you expected and what happened instead.';

type Section = readonly [title: string, body: () => string | Promise<string>];

/** A section that cannot be had says why, and the rest of the report goes on. */
async function write([title, body]: Section): Promise<string> {
  let text: string;
  try {
    text = await body();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    text = `(not available: ${messageOf(error)})`;
  }
  return `== ${title}\n${text.trimEnd()}\n`;
}

function links({ root }: Host): string {
  return listNetDevices(root)
    .map((name) => {
      try {
        const { kind, driver, up, carrier, operstate, mtu, node, pciAddress, lower } = readNetDevice(
          root,
          name,
        );
        const facts = { kind, driver, up, carrier, operstate, mtu, node, pciAddress, lower: lower.join('+') };
        return `${name}: ${Object.entries(facts)
          .map(([key, value]) => `${key}=${String(value)}`)
          .join(' ')}`;
      } catch (error) {
        return `${name}: ${messageOf(error)}`;
      }
    })
    .join('\n');
}

/** The lines of the NIC's interrupts, and the header. */
function interruptLines(host: Host): string {
  const irqs = new Set(host.plan().vectors.map(({ irq }) => irq));
  const [header = '', ...lines] = host.root.read('/proc/interrupts').split('\n');
  return [
    header,
    ...lines.filter((line) => irqs.has(Number(/^\s*(\d+):/.exec(line)?.[1] ?? Number.NaN))),
  ].join('\n');
}

const whole = (output: string): string => output;

async function tool(
  host: Host,
  part: (output: string) => string,
  command: string,
  ...args: string[]
): Promise<string> {
  try {
    return part(await host.tools.ask(command, args));
  } catch (error) {
    if (error instanceof Failure) return `(${messageOf(error)})`;
    throw error;
  }
}

async function ethtool(host: Host): Promise<string> {
  const parts = host.members().flatMap(({ name }) =>
    ETHTOOL.map(async ([option]) => {
      const telling = (output: string): string =>
        option === '-S'
          ? output
              .split('\n')
              .filter((line) => TELLING_COUNTER.test(line))
              .join('\n')
          : output;
      const shown = await tool(host, telling, 'ethtool', option, name);
      return `$ ethtool ${option} ${name}\n${shown}`;
    }),
  );
  return (await Promise.all(parts)).join('\n');
}

const UNIT_LINES = 60;

/** What the unit said last, in all its instances. */
function lastLines(host: Host): Promise<string> {
  const which = [
    '-u',
    'start-katran.service',
    '-u',
    'start-katran@*.service',
    '-u',
    'start-katran-affinity*.service',
  ];
  return tool(host, whole, 'journalctl', ...which, '-n', String(UNIT_LINES), '--no-pager', '-o', 'short-iso');
}

function sections(
  host: Host,
  argv: readonly string[],
  results: readonly CheckResult[],
  screen: Screen,
): Section[] {
  const { root, options } = host;
  return [
    ['start-katran', () => `version ${version}\n${shellLine(['start-katran', ...argv])}`],
    [
      'flags given (also by environment and flag file)',
      () => [...options.given].map((name) => `${name}=${String(options[name])}`).join('\n'),
    ],
    ['checks', () => doctorText('doctor', results, screen)],
    ['machine', () => machineWords(host)],
    ['katran and its objects (sha256)', () => checksums(host)],
    ['last lines of the unit', () => lastLines(host)],
    ['kernel', () => root.read('/proc/version')],
    [
      'boot parameters',
      () =>
        root
          .read('/proc/cmdline')
          .trim()
          .split(/\s+/)
          .filter((word) => BOOT_PARAMETERS.test(word))
          .join(' '),
    ],
    [
      'sysctls',
      () =>
        SYSCTLS.map(
          (name) => `${name} = ${root.readIfPresent(`/proc/sys/${name}`)?.trim() ?? '(none)'}`,
        ).join('\n'),
    ],
    [
      'CPUs',
      () => {
        const { online, isolated, nodes, possibleCpus } = host.topology();
        return JSON.stringify({ possible: possibleCpus, online, isolated, nodes });
      },
    ],
    ['links', () => links(host)],
    [
      'link of the interface',
      () => tool(host, whole, 'ip', '-d', '-j', 'link', 'show', 'dev', host.interfaceName()),
    ],
    [
      'qdiscs of the interface',
      () => tool(host, whole, 'tc', '-j', 'qdisc', 'show', 'dev', host.interfaceName()),
    ],
    [
      'default routes',
      () =>
        defaultRoutes(readRoutes(root))
          .map((route) => `${route.interface} via ${route.gateway} metric ${route.metric}`)
          .join('\n'),
    ],
    [
      'gateway (the only neighbour shown)',
      async () => {
        const { hop, seen } = await host.gateway();
        return hop === null ? 'none' : `${hop.address} on ${hop.interface}, ${hop.reason}: ${seen}`;
      },
    ],
    [
      'plan',
      () => jsonPlan({ plan: host.plan(), gateway: null, command: [], warnings: host.plan().warnings }),
    ],
    [
      'masks now',
      () =>
        host
          .plan()
          .vectors.map(
            ({ irq, name, role, cpu, current, effective }) =>
              `irq ${irq} ${name} ${role}: mask ${current ?? '?'}, effective ${effective?.join(',') ?? '?'}, planned ${cpu ?? '-'}`,
          )
          .join('\n'),
    ],
    ['/proc/interrupts of the NIC', () => interruptLines(host)],
    ['ethtool', () => ethtool(host)],
  ];
}

/**
 * Everything a maintainer would ask for, as one text. Its only addresses are the gateway's: all others, of clients, reals and
 * this host, are redacted.
 */
export async function reportText(
  host: Host,
  argv: readonly string[],
  results: readonly CheckResult[],
  screen: Screen,
): Promise<string> {
  const written = await Promise.all(sections(host, argv, results, screen).map(write));
  let gateway: readonly string[] = [];
  try {
    const { hop, mac } = await host.gateway();
    gateway = [hop?.address, mac].filter((address) => address != null);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  return redact(`${REPORT_TITLE}\n${WHERE_TO}\n\n${written.join('\n')}`, gateway);
}
