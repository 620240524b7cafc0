import { existsSync, readFileSync, statSync } from 'node:fs';
import { irqOf, must, readIrqs, readMask, readMasks, setOnline, until, writeMask } from './kernel.ts';
import { Daemon, Launch } from './launch.ts';
import { runToEnd } from './notebook.ts';
import type { Extras, Notebook } from './notebook.ts';
import type { Masks } from './observation.ts';
import { sysrootWith } from './sysroot.ts';

const SAVED = '/run/start-katran/eth0.json';

/** The arguments that write the plan and do no more. */
export function pin(intf: string, strategy: string): string[] {
  return ['-affinitize_only', '-intf', intf, '-strategy', strategy];
}

/** True when eth0 has the masks of `plan`, but for the inputs of queues that are not in use. */
function eth0Has(plan: Masks, queuesInUse = 8): boolean {
  return Object.entries(readIrqs()).every(([action, irq]) => {
    const [, way, queue] = /^virtio2-(in|out)put\.(\d+)$/.exec(action) ?? [];
    if (way === undefined || (way === 'in' && Number(queue) >= queuesInUse)) return true;
    return readMask(irq) === plan[irq];
  });
}

/** A log line that speaks of the interrupt of `action`; not one with that number in its time of day. */
function about(action: string): RegExp {
  return new RegExp(`\\birqs?\\b.*\\b${irqOf(action)}\\b`, 'i');
}

/** A plan of which one interrupt cannot be changed: `victim` (of eth0) is in truth `managed`, a queue of the disk. */
export async function refusedByTheKernel(notebook: Notebook, victim: string, managed: string): Promise<void> {
  notebook.reset();
  const sysroot = sysrootWith({ [`/proc/irq/${irqOf(victim)}`]: { path: `/proc/irq/${irqOf(managed)}` } });
  await notebook.run(`refused at ${victim}`, ...pin('eth0', '0'), '-sysroot', sysroot.path);
  sysroot.remove();
}

/** A CPU goes offline between the reading and the writing: the program is shown it online, the kernel refuses it. */
export async function cpuGoneAfterPlanning(notebook: Notebook, cpu: number, node: number): Promise<void> {
  const files = [
    '/sys/devices/system/cpu/online',
    `/sys/devices/system/node/node${node}/cpulist`,
    '/proc/interrupts',
  ];
  const stale = Object.fromEntries(files.map((path) => [path, { text: readFileSync(path, 'utf8') }]));
  setOnline(cpu, false);
  notebook.reset();
  const sysroot = sysrootWith(stale);
  await notebook.run('CPU gone after planning', ...pin('eth0', '0'), '-sysroot', sysroot.path);
  sysroot.remove();
  setOnline(cpu, true);
}

/** Masks put on eth0, put back, and put back a second time when nothing is saved any more. */
export async function restored(notebook: Notebook): Promise<void> {
  notebook.reset();
  await notebook.observe('restore', (extras) => {
    const applied = runToEnd(pin('eth0', '2'));
    extras.moments['applied'] = readMasks();
    extras.notes['apply status'] = String(applied.status);
    extras.notes['mode of the file'] = (statSync(SAVED).mode & 0o777).toString(8);
    const ending = runToEnd(['restore', '-intf', 'eth0']);
    extras.notes['file after it'] = existsSync(SAVED) ? 'there' : 'gone';
    return ending;
  });
  await notebook.run('restore with nothing saved', 'restore', '-intf', 'eth0');
}

/** The vectors go and come back, perhaps under other numbers, between the writing and the putting back. */
export async function restoredAfterDownAndUp(notebook: Notebook): Promise<void> {
  notebook.reset();
  await notebook.observe('restore after down and up', (extras) => {
    extras.notes['apply status'] = String(runToEnd([...pin('eth2', '0'), '-cpus', '6']).status);
    must('ip link set eth2 down');
    must('ip link set eth2 up');
    for (const action of ['eth2-rx-0', 'eth2-tx-0']) writeMask(irqOf(action), '20');
    return runToEnd(['restore', '-intf', 'eth2']);
  });
}

/** SIGTERM at the first write. */
export async function interrupted(notebook: Notebook): Promise<void> {
  notebook.reset();
  await notebook.observe('SIGTERM while writing', async () => {
    const launch = new Launch(...pin('eth0', '0'));
    await launch.says(/affinitizing irq/);
    return launch.stop();
  });
}

/** From the flags to a katran that runs, with the gateway found on the wire, and to its end by SIGTERM. */
export async function launched(notebook: Notebook, name: string, ...args: string[]): Promise<void> {
  await notebook.observe(name, async () => (await Launch.up('-intf', 'eth0', ...args)).stop());
}

/** Without -affinitize: stopped once the warning is out, which comes before katran. */
export async function launchedWithoutAffinity(notebook: Notebook): Promise<void> {
  notebook.reset();
  await notebook.observe('launch without affinity', async () => {
    const launch = new Launch('-run', '-intf', 'eth0', '-strategy', '0');
    await launch.says(/-strategy keep/);
    return launch.stop();
  });
}

const NOT_IN_USE = /not in use any more/;
const IN_USE = /in use now/;
/** A line for each input and output vector. */
const WRITES_OF_FOUR_QUEUES = /(?:affinitizing irq[^\n]*\n[^]*?){8}/;
const WRITES_OF_FOUR_INPUTS = /(?:affinitizing irq[^\n]*\n[^]*?){4}/;
const LAUNCH_SEQUENTIAL = ['-intf', 'eth0', '-affinitize', '-strategy', '0'];

/** irqbalance for a while, half the queues, a CPU less, then all queues, while katran runs and the guard only looks. */
export async function warned(notebook: Notebook, cpu: number): Promise<void> {
  notebook.reset();
  await notebook.observe('guard warns', async (extras) => {
    const launch = await Launch.up(...LAUNCH_SEQUENTIAL, '-affinity_guard', 'warn');
    const chapter = chapters(launch, extras);
    extras.moments['up'] = readMasks();
    await balanced(launch, extras);
    chapter('irqbalance');

    must('ethtool -L eth0 combined 4');
    extras.moments['four queues'] = readMasks();
    await launch.says(about('virtio2-input.0'), chapter.start());
    // The driver resets the masks before it takes the queues out of use.
    await launch.says(NOT_IN_USE, chapter.start());
    chapter('ethtool');

    setOnline(cpu, false);
    extras.moments['CPU offline'] = readMasks();
    // Its input is of a queue that is not in use now.
    await launch.says(about(`virtio2-output.${cpu}`), chapter.start());
    extras.moments['CPU offline, told'] = readMasks();
    chapter('offline');

    must('ethtool -L eth0 combined 8');
    extras.moments['eight queues'] = readMasks();
    await launch.says(IN_USE, chapter.start());
    chapter('eight queues');
    return launch.stop();
  });
  setOnline(cpu, true);
}

/** Half the queues, a CPU that goes and comes back, irqbalance, then all queues, while the guard repairs. */
export async function repaired(notebook: Notebook, cpu: number): Promise<void> {
  notebook.reset();
  await notebook.observe('guard repairs', async (extras) => {
    const launch = await Launch.up(...LAUNCH_SEQUENTIAL);
    const chapter = chapters(launch, extras);
    const plan = readMasks();
    extras.moments['up'] = plan;

    must('ethtool -L eth0 combined 4');
    extras.moments['four queues'] = readMasks();
    await until(() => eth0Has(plan, 4), 20_000);
    // The masks can be seen before the lines that told of them have come through the pipe.
    await launch.says(WRITES_OF_FOUR_QUEUES, chapter.start());
    await launch.says(NOT_IN_USE, chapter.start());
    extras.moments['repaired'] = readMasks();
    chapter('ethtool');

    setOnline(cpu, false);
    extras.moments['CPU offline'] = readMasks();
    await launch.says(about(`virtio2-output.${cpu}`), chapter.start());
    // Outputs go with the inputs of their queues, whose turn it is on the CPUs that are left.
    const moved = Object.entries({ 5: '40', 6: '80', 7: '01' }).map(([queue, mask]) => [
      irqOf(`virtio2-output.${queue}`),
      mask,
    ]);
    await until(() => eth0Has({ ...plan, ...(Object.fromEntries(moved) as Masks) }, 4), 20_000);
    extras.moments['repaired without the CPU'] = readMasks();
    setOnline(cpu, true);
    await until(() => eth0Has(plan, 4), 20_000);
    extras.moments['repaired with the CPU'] = readMasks();
    chapter('offline');

    await balanced(launch, extras);
    await until(() => eth0Has(plan, 4), 20_000);
    extras.moments['repaired after irqbalance'] = readMasks();
    chapter('irqbalance');

    must('ethtool -L eth0 combined 8');
    await launch.says(IN_USE, chapter.start());
    chapter('eight queues');
    // The driver itself has put queue i on CPU i again.
    writeMask(irqOf('virtio2-input.6'), '81');
    await until(() => eth0Has(plan), 20_000);
    await launch.says(/affinitizing irq/, chapter.start());
    chapter('a new queue changed');
    return launch.stop();
  });
}

/** Katran is started with half the queues, and gets the others while it runs and the guard repairs. */
export async function grown(notebook: Notebook): Promise<void> {
  must('ethtool -L eth0 combined 4');
  notebook.reset();
  await notebook.observe('guard repairs new queues', async (extras) => {
    const launch = await Launch.up(...LAUNCH_SEQUENTIAL);
    const chapter = chapters(launch, extras);
    extras.moments['up'] = readMasks();
    must('ethtool -L eth0 combined 8');
    extras.moments['eight queues'] = readMasks();
    await launch.says(/needs forwarding cores/, chapter.start());
    await launch.says(WRITES_OF_FOUR_INPUTS, chapter.start());
    chapter('eight queues');
    return launch.stop();
  });
}

/** Cuts a launch's log into notes: each call notes what came since the last one. */
function chapters(launch: Launch, extras: Extras): { (name: string): void; start: () => number } {
  let start = launch.stderr.length;
  const end = (name: string): void => {
    extras.notes[name] = launch.stderr.slice(start);
    start = launch.stderr.length;
  };
  return Object.assign(end, { start: () => start });
}

/** irqbalance runs until it has moved interrupts of eth0 and the guard has spoken of it. */
async function balanced(launch: Launch, extras: Extras): Promise<void> {
  const masks = readMasks();
  const start = launch.stderr.length;
  const irqbalance = new Daemon('irqbalance', '--foreground', '--interval=1');
  const moved = await until(() => !eth0Has(masks), 20_000);
  extras.notes['irqbalance moved interrupts'] = String(moved);
  await launch.says(/irqbalance/, start);
  await irqbalance.stop();
  extras.moments['irqbalance ended'] = readMasks();
}
