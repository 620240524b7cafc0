import { differingVectors } from '../../affinity/differing.ts';
import { receiving } from '../../affinity/receiving.ts';
import type { AffinityPlan } from '../../affinity/types.ts';
import { Failure } from '../../failure.ts';
import { formatCpuList } from '../../linux/cpu-list.ts';
import { findProcesses, listProcesses } from '../../linux/processes.ts';
import type { Root } from '../../linux/root.ts';
import { firstFew } from '../../terminal/first-few.ts';
import { shellLine } from '../../terminal/shell-quote.ts';
import type { Host } from '../host.ts';
import { irqbalance } from '../irqbalance.ts';
import { type Check, type Examine, fail, groupOf, ok, skipped, warn } from '../types.ts';

const tuned: Examine = ({ root }) => {
  if (listProcesses(root).length === 0) return skipped('no processes are recorded below -sysroot');
  const found = findProcesses(root, ['tuned']);
  if (found.length === 0) return ok('not running');
  return warn(
    found.map(({ pid }) => `tuned (pid ${pid}) runs`).join(', '),
    'profiles with isolated cores or an [irq] section move interrupts when they are applied',
    'tuned-adm active; if the profile moves IRQs: systemctl disable --now tuned',
  );
};

const DIRECTORIES = ['/etc/systemd/network', '/run/systemd/network', '/usr/lib/systemd/network'];
const POLICY = /^\s*IRQAffinityPolicy\s*=\s*(\S+)/m;

/** The .link files and their drop-ins, those of /etc first. */
function linkFiles(root: Root): string[] {
  return DIRECTORIES.flatMap((directory) =>
    root.list(directory).flatMap((name) => {
      if (name.endsWith('.link')) return [`${directory}/${name}`];
      if (!name.endsWith('.link.d')) return [];
      return root
        .list(`${directory}/${name}`)
        .filter((dropIn) => dropIn.endsWith('.conf'))
        .map((dropIn) => `${directory}/${name}/${dropIn}`);
    }),
  );
}

const systemdLink: Examine = ({ root }) => {
  if (!DIRECTORIES.some((directory) => root.exists(directory)))
    return skipped(`no systemd link files: ${DIRECTORIES.join(', ')} do not exist`);
  const found = linkFiles(root).flatMap((file) => {
    const policy = POLICY.exec(root.readIfPresent(file) ?? '')?.[1];
    return policy === undefined ? [] : [{ file, policy }];
  });
  const [first] = found;
  if (first === undefined) return ok('no IRQAffinityPolicy= in any .link file');
  return warn(
    found.map(({ file, policy }) => `${file}: IRQAffinityPolicy=${policy}`).join(', '),
    'systemd spreads the interrupts by its own rule whenever the interface appears (boot, driver reload)',
    `remove the line, or start katran with -affinitize after it: ${first.file}`,
  );
};

const planExists: Examine = (host) => {
  host.interfaceName();
  try {
    const { vectors, strategy, forwardingCores } = host.makePlan();
    const cores = formatCpuList([...forwardingCores].sort((a, b) => a - b));
    const receive = receiving(vectors).length;
    if (vectors.length === 0) return ok(`CPUs ${cores}, by -forwarding_cores`);
    return ok(`${receive} receive ${receive === 1 ? 'vector' : 'vectors'} to CPUs ${cores} (${strategy})`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return fail(
      error.what,
      'katran cannot be told which CPUs receive packets, so it is not started',
      error.remedy ?? 'correct the flags; start-katran -dry_run tells the same until then',
    );
  }
};

/** Plan warnings that other checks here are about. */
const ELSEWHERE = new Set(['interface-down', 'member-down', 'fewer-cpus', 'nohz-full-cpu']);

const planAdvice: Examine = (host) => {
  const warnings = host.plan().warnings.filter(({ code }) => !ELSEWHERE.has(code));
  const [first] = warnings;
  if (first === undefined) return ok('one CPU for each queue, on the right NUMA node');
  const others = warnings.slice(1).map(({ code }) => code);
  return warn(
    first.message,
    others.length === 0
      ? `plan warning ${first.code}`
      : `plan warning ${first.code}, and: ${others.join(', ')}`,
    'look at the whole plan: start-katran -dry_run with the same flags',
  );
};

/** The server's own limit, whatever the BPF object allows. */
const SERVER_LIMIT = 512;

const forwardingCores: Examine = (host) => {
  const { forwardingCores: cores } = host.plan();
  const limit = Math.min(host.options.max_cpus, SERVER_LIMIT);
  const beyond = cores.filter((cpu) => cpu >= limit);
  const found = `${cores.length}, highest ${Math.max(...cores)}, limit ${limit}`;
  if (beyond.length > 0)
    return fail(
      found,
      `katran aborts (SIGABRT) on core ${formatCpuList([...beyond].sort((a, b) => a - b))}`,
      `keep to lower CPUs with -cpus 0-${limit - 1}, or build the BPF object for more and give -max_cpus`,
    );
  return ok(found);
};

const coresGiven: Examine = (host) => {
  const given = host.options.forwarding_cores;
  if (given === undefined) return ok('not given: the cores are those of the queues');
  const online = host.topology().online.length;
  if (given.length < online || online === 1) return ok(`${given.length} of ${online} CPUs`);
  return warn(
    `all ${online} CPUs`,
    'the connection table is divided over all of them, and most never see a packet',
    'name only the CPUs with a receive queue (see /proc/interrupts), or drop -forwarding_cores',
  );
};

const NAMED = 3;

/** The plan that was looked at, written: with the flags that shaped it. */
function affinitizeCommand({ options }: Host, plan: AffinityPlan): string {
  return shellLine([
    ...['start-katran', '-affinitize_only', '-intf', plan.interface, '-strategy', plan.strategy],
    ...(plan.strategy === 'same-node' ? ['-numa_node', String(options.numa_node)] : []),
    ...(options.cpus === undefined ? [] : ['-cpus', formatCpuList(options.cpus)]),
    ...(options.smt === 'off' ? ['-smt', 'off'] : []),
  ]);
}

const liveAffinity: Examine = (host) => {
  const plan = host.plan();
  const receive = receiving(plan.vectors);
  if (receive.length === 0) return skipped('-forwarding_cores is given, so no IRQ is looked at');
  const elsewhere = receiving(differingVectors(plan));
  if (elsewhere.length === 0) return ok(`all ${receive.length} receive IRQs are where the plan has them`);
  const named = elsewhere.map(({ irq, cpu }) => `irq ${irq} not only on CPU ${cpu ?? '?'}`);
  const found = `${elsewhere.length} of ${receive.length} receive IRQs are elsewhere: ${firstFew(named, NAMED)}`;
  const runs = host.root.exists('/proc/net/tcp') && host.listeners().length > 0;
  if (host.options.affinitize && !runs) return ok(`${found}; -affinitize will write them`);
  return fail(
    found,
    'packets on a CPU that is no forwarding core share one small table: connections break under load',
    affinitizeCommand(host, plan),
  );
};

const nohzFull: Examine = (host) => {
  const file = '/sys/devices/system/cpu/nohz_full';
  if (!host.root.exists(file)) return skipped(`there is no ${file}: this kernel cannot do that`);
  const quiet = new Set(host.topology().nohzFull);
  if (quiet.size === 0) return ok('no CPU is');
  const hit = host.plan().forwardingCores.filter((cpu) => quiet.has(cpu));
  const all = formatCpuList([...quiet].sort((a, b) => a - b));
  if (hit.length === 0) return ok(`CPUs ${all} are, and no forwarding core among them`);
  const free = host.topology().online.filter((cpu) => !quiet.has(cpu));
  return warn(
    `forwarding cores ${formatCpuList([...hit].sort((a, b) => a - b))} are nohz_full`,
    'every interrupt costs more there, and disturbs the programs that these CPUs were set apart for',
    free.length === 0 ? 'boot without nohz_full=' : `plan with the others: -cpus ${formatCpuList(free)}`,
  );
};

export const affinityChecks: readonly Check[] = groupOf('affinity', {
  irqbalance: ['irqbalance does not move the interrupts away again, now or after a boot', irqbalance],
  'nohz-full': ['no forwarding core is one of the CPUs that were booted to run without interrupts', nohzFull],
  tuned: ['tuned does not move the interrupts away again', tuned],
  'systemd-link': ["no systemd .link file sets a policy for the NIC's interrupts", systemdLink],
  plan: ['each receive queue of the NIC can be given a CPU', planExists],
  'plan-advice': ['the plan has no drawback that is known', planAdvice],
  'forwarding-cores': [
    "all forwarding cores are below the BPF object's limit, and there are not more than queues",
    forwardingCores,
  ],
  'cores-given': ['-forwarding_cores names the CPUs that receive packets, and no others', coresGiven],
  'live-affinity': ['interrupts arrive on the CPUs that katran is told', liveAffinity],
});
