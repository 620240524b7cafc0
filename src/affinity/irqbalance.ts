import { Failure, type Warning } from '../failure.ts';
import { findProcesses, ofProcess } from '../linux/processes.ts';
import type { Root } from '../linux/root.ts';
import { isEnabled } from '../linux/systemd-units.ts';
import type { AffinityPlan } from './types.ts';

/** What its unit reads: the one of Debian, the one of Red Hat. */
const SETTINGS = ['/etc/default/irqbalance', '/etc/sysconfig/irqbalance'];
/** The interrupts of 64 queues that have one for each direction; more of them on one line nobody would paste. */
const LISTED = 128;
/** irqbalance reads no more of a request; a number that is cut there is that of another interrupt. */
const REQUEST_BYTES = 500;
const STOP = 'systemctl disable --now irqbalance';

/** Whether irqbalance moves a NIC's interrupts, now or after the next boot. */
export interface Irqbalance {
  readonly state: 'absent' | 'enabled' | 'runs';
  /** `irqbalance (pid 812) runs`, where it runs. */
  readonly who: string;
  /** Which of the NIC's interrupts it leaves alone. */
  readonly banned: 'all' | 'receive' | 'none';
  /** How to be without it, or to have it leave them alone; to be pasted. */
  readonly remedy: string;
}

/** IRQs that these arguments take out of irqbalance's hands: `--banirq=33`, `-i 33`. */
function bannedIn(text: string): Set<number> {
  return new Set([...text.matchAll(/(?:--banirq[=\s]|-i\s*)"?(\d+)/g)].map(([, irq]) => Number(irq)));
}

/** The interrupts of a NIC that have a CPU of their own. */
export interface PinnedIrqs {
  readonly receive: readonly number[];
  /** Receive and transmit. */
  readonly all: readonly number[];
}

export function pinnedIrqs({ vectors }: Pick<AffinityPlan, 'vectors'>): PinnedIrqs {
  const pinned = vectors.filter(({ cpu }) => cpu !== null);
  const numbers = (some: typeof pinned): number[] =>
    [...new Set(some.map(({ irq }) => irq))].sort((a, b) => a - b);
  return { receive: numbers(pinned.filter(({ role }) => role === 'receive')), all: numbers(pinned) };
}

function coverage(banned: ReadonlySet<number>, { receive, all }: PinnedIrqs): Irqbalance['banned'] {
  if (receive.length === 0 || !receive.every((irq) => banned.has(irq))) return 'none';
  return all.every((irq) => banned.has(irq)) ? 'all' : 'receive';
}

/** Two ways out: without irqbalance, or with the NIC's interrupts left alone by it. */
function waysOut(root: Root, irqs: readonly number[]): string {
  if (irqs.length === 0 || irqs.length > LISTED) return STOP;
  const file = SETTINGS.find((name) => root.exists(name)) ?? SETTINGS[0] ?? '';
  const arguments_ = irqs.map((irq) => `--banirq=${irq}`).join(' ');
  return `${STOP}, or keep it and ban the NIC's IRQs: IRQBALANCE_ARGS="${arguments_}" in ${file}, then systemctl restart irqbalance`;
}

/**
 * The same until it is started again, without a restart: what is told so takes the place of what was banned before. Empty where they are
 * too many to be told.
 */
function nowOver(socket: string, irqs: readonly number[]): string {
  const request = `settings ban irqs ${irqs.join(' ')}`;
  if (`${request}\n`.length > REQUEST_BYTES) return '';
  return `; at once, until its next start: echo ${request} | socat - UNIX-CONNECT:${socket}`;
}

/** What irqbalance does to these interrupts. Throws KernelFileError. */
export async function lookAtIrqbalance(root: Root, irqs: PinnedIrqs): Promise<Irqbalance> {
  const remedy = waysOut(root, irqs.all);
  const running = findProcesses(root, ['irqbalance']);
  const [first] = running;
  if (first === undefined) {
    const settings = SETTINGS.map((name) => root.readIfPresent(name) ?? '')
      .join('\n')
      .replace(/^\s*#.*$/gm, '');
    const state = isEnabled(root, 'irqbalance.service') ? 'enabled' : 'absent';
    return { state, who: '', banned: coverage(bannedIn(settings), irqs), remedy };
  }
  const who = running.map(({ pid }) => `irqbalance (pid ${pid}) runs`).join(', ');
  const words = ofProcess(() => root.readIfPresent(`/proc/${first.pid}/cmdline`)) ?? '';
  const banned = bannedIn(words.replaceAll('\0', ' '));
  const socket = `/run/irqbalance/irqbalance${first.pid}.sock`;
  const covered = coverage(banned, irqs);
  if (covered === 'all' || !root.exists(socket)) return { state: 'runs', who, banned: covered, remedy };
  const { bannedBySocket } = await import('../tools/irqbalance-socket.ts');
  const all = new Set([...banned, ...(await bannedBySocket(root.hostPath(socket)))]);
  const wanted = [...new Set([...all, ...irqs.all])].sort((a, b) => a - b);
  return {
    state: 'runs',
    who,
    banned: coverage(all, irqs),
    remedy: remedy === STOP ? remedy : remedy + nowOver(socket, wanted),
  };
}

/** A warning where irqbalance will undo the plan; at boot it is enabled and has not been started yet. Empty where that cannot be known. */
export async function irqbalanceWarning(root: Root, plan: AffinityPlan): Promise<Warning[]> {
  const irqs = pinnedIrqs(plan);
  // Interrupts that are not known are not pinned either.
  if (irqs.receive.length === 0) return [];
  const seen = await lookAtIrqbalance(root, irqs).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  if (seen === undefined) return [];
  const { state, who, banned, remedy } = seen;
  if (state === 'absent' || banned === 'all') return [];
  const what = state === 'runs' ? who : 'irqbalance is enabled';
  const when = `within 10 s ${state === 'runs' ? 'of their writing' : 'of its start'}`;
  const harm =
    banned === 'receive'
      ? `transmit interrupts of ${plan.interface} ${when}, away from the CPUs of their queues`
      : `receive interrupts of ${plan.interface} ${when}, to CPUs that katran keeps no connection table for`;
  return [
    {
      code: 'irqbalance-enabled',
      message: `${what}: it moves ${harm}; ${remedy}`,
    },
  ];
}
